package tracing

import (
	"net/url"
	"strings"
)

// FromEnvironment is what the standard variables of OpenTelemetry say, in the form of os.Environ: traces are on if there is an endpoint. A mistake
// turns them off with a problem and stops nobody, because platforms set these variables for everything that runs on them.
func FromEnvironment(environ []string) Options {
	value := map[string]string{}
	for _, v := range environ {
		name, text, _ := strings.Cut(v, "=")
		value[name] = strings.TrimSpace(text)
	}
	first := func(names ...string) (name, text string) {
		for _, name = range names {
			if value[name] != "" {
				return name, value[name]
			}
		}
		return "", ""
	}
	endpoint, address := first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
	protocol, way := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
	u, err := url.Parse(address)
	switch {
	case address == "", strings.EqualFold(value["OTEL_SDK_DISABLED"], "true"), value["OTEL_TRACES_EXPORTER"] == "none":
		return Options{}
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return Options{Problem: endpoint + " is not a web address: it should look like http://collector:4318"}
	case u.User != nil:
		return Options{Problem: endpoint + " holds a user name or password: OTEL_EXPORTER_OTLP_HEADERS is for what the receiver asks for"}
	case way == "grpc":
		return Options{Problem: protocol + " is grpc: the bot speaks http/protobuf, which collectors take on port 4318"}
	}
	return Options{On: true}
}
