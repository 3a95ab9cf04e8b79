package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Request headers that decide whether a delivery is authentic.
const (
	headerToken     = "X-Gitlab-Token"
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// tolerance is how far a signed timestamp may be from the bot's clock, either way, as in the Standard Webhooks libraries. It bounds
// how long a recorded delivery can be replayed.
const tolerance = 5 * time.Minute

// authFailure is why a delivery is not authentic: for the counter and the log, never for the caller.
type authFailure string

const (
	authentic          authFailure = ""
	tokenMissing       authFailure = "token_missing"
	tokenWrong         authFailure = "token_wrong"
	signatureMissing   authFailure = "signature_missing"
	signatureMalformed authFailure = "signature_malformed"
	signatureWrong     authFailure = "signature_wrong"
	timestampMalformed authFailure = "timestamp_malformed"
	timestampFar       authFailure = "timestamp_far"
	bodyCut            authFailure = "body_cut" // too little came to check its signature
)

// authenticator decides whether a request is authentic. Texts are hashed before they are compared with secrets, and all secrets are always
// compared, so that the time shows neither content nor length.
type authenticator struct {
	secrets [][sha256.Size]byte
	keys    [][]byte
	now     func() time.Time
}

// newAuthenticator checks all secrets and signing tokens.
func newAuthenticator(secrets, signingTokens []string, allowUnsigned bool) (authenticator, error) {
	a := authenticator{}
	var problems []error
	for n, s := range secrets {
		if err := checkSecret(s); err != nil {
			problems = append(problems, fmt.Errorf("webhook secret %d of %d %w", n+1, len(secrets), err))
		}
		a.secrets = append(a.secrets, sha256.Sum256([]byte(s)))
	}
	for n, t := range signingTokens {
		key, err := signingKey(t)
		if err != nil {
			problems = append(problems, fmt.Errorf("signing token %d of %d %w", n+1, len(signingTokens), err))
		}
		a.keys = append(a.keys, key)
	}
	if len(secrets)+len(signingTokens) == 0 && !allowUnsigned {
		problems = append(problems, errors.New("neither a webhook secret nor a signing token is set: anybody could send deliveries"))
	}
	return a, errors.Join(problems...)
}

// checkSecret finds secrets that no request could ever show.
func checkSecret(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case strings.TrimSpace(s) != s:
		return errors.New("begins or ends with a blank, which HTTP removes; remove it here, too")
	case strings.ContainsAny(s, "\r\n\x00"):
		return errors.New("contains a line break, which GitLab removes; it has to be one line")
	}
	return nil
}

// takesAll reports whether every request counts as authentic.
func (a *authenticator) takesAll() bool { return len(a.secrets)+len(a.keys) == 0 }

// isSigned reports whether the signature decides. A request with a signature is judged by it alone: a right token next to a wrong
// signature proves nothing. Without a signing token there is nothing to judge a signature by; then the token is as good as it was
// before somebody switched signing on in GitLab, and refusing it would only make GitLab disable the webhook.
func (a *authenticator) isSigned(h http.Header) bool {
	return len(a.keys) > 0 && len(h.Values(headerSignature)) > 0
}

// checkHeader checks what can be checked before the body is read: a token completely, a signature only in its form.
func (a *authenticator) checkHeader(h http.Header) authFailure {
	switch {
	case a.isSigned(h):
		return a.checkForm(h)
	case len(a.secrets) > 0:
		return a.checkToken(h.Get(headerToken))
	case len(a.keys) > 0:
		return signatureMissing
	}
	return authentic // only possible with AllowUnsigned
}

// checkToken compares a token with every secret.
func (a *authenticator) checkToken(token string) authFailure {
	if token == "" {
		return tokenMissing
	}
	sum := sha256.Sum256([]byte(token))
	match := 0
	for _, s := range a.secrets {
		match |= subtle.ConstantTimeCompare(sum[:], s[:])
	}
	if match == 0 {
		return tokenWrong
	}
	return authentic
}

// checkForm checks the parts of a signature that do not depend on the body.
func (a *authenticator) checkForm(h http.Header) authFailure {
	if h.Get(headerID) == "" || len(signatures(h)) == 0 {
		return signatureMalformed
	}
	sent, err := strconv.ParseInt(h.Get(headerTimestamp), 10, 64)
	if err != nil || sent < 0 {
		return timestampMalformed
	}
	age := a.now().Unix() - sent
	if limit := int64(tolerance / time.Second); age > limit || age < -limit {
		return timestampFar
	}
	return authentic
}

// checkBody checks the signature of a signed request: one of the keys must have made one of its signatures.
func (a *authenticator) checkBody(h http.Header, body []byte) authFailure {
	if !a.isSigned(h) {
		return authentic
	}
	sent := signatures(h)
	match := 0
	for _, key := range a.keys {
		want := signature(key, h.Get(headerID), h.Get(headerTimestamp), body)
		for _, got := range sent {
			match |= subtle.ConstantTimeCompare(got, want)
		}
	}
	if match == 0 {
		return signatureWrong
	}
	return authentic
}

// signatures are the decodable signatures of version 1, the only one there is; GitLab may send several, separated by blanks.
func signatures(h http.Header) [][]byte {
	var found [][]byte
	for _, line := range h.Values(headerSignature) {
		for entry := range strings.FieldsSeq(line) {
			encoded, ok := strings.CutPrefix(entry, signatureVersion)
			if !ok {
				continue
			}
			if sum, err := base64.StdEncoding.DecodeString(encoded); err == nil && len(sum) == sha256.Size {
				found = append(found, sum)
			}
		}
	}
	return found
}

// signature is the HMAC-SHA256 of "id.timestamp.body". It is written piece by piece, because the body may be large and its sender
// unknown.
func signature(key []byte, id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}
