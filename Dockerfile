# Builds Flowkeeper from source and puts the one binary into an image without a shell.
#
#   docker build --build-arg VERSION=$(git describe --tags --always --dirty) -t flowkeeper .

FROM golang:1.26-bookworm AS build
WORKDIR /src

# The modules change less often than the code.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /flowkeeper ./cmd/flowkeeper
RUN mkdir /data

# Certificates to trust, time zones, and a user without rights.
FROM gcr.io/distroless/static:nonroot
COPY --from=build /flowkeeper /flowkeeper

# 65532 is the image's user, as a number so that Kubernetes can see that it is not root.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
VOLUME /data

ENV FLOWKEEPER_DATA_DIR=/data \
    FLOWKEEPER_LISTEN=:8080 \
    FLOWKEEPER_ADMIN_LISTEN=:8081
EXPOSE 8080 8081

# There is no shell to run a check in, so the one program that can ask comes along. Kubernetes asks by itself and ignores this.
# Only whether the process lives is asked: a new container would not bring back a GitLab that is away.
COPY --from=busybox:1.37-musl /bin/wget /wget
HEALTHCHECK --interval=15s --timeout=3s --start-period=15s --retries=3 \
    CMD ["/wget", "-q", "-Y", "off", "-O", "/dev/null", "http://127.0.0.1:8081/healthz"]

ENTRYPOINT ["/flowkeeper"]
CMD ["serve"]
