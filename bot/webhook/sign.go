package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Parts of the Standard Webhooks notation.
const (
	signingPrefix    = "whsec_"
	signatureVersion = "v1,"
)

// The lengths of a signing key in bytes; GitLab's have 32.
const (
	shortestKey = 24
	longestKey  = 64
)

// Sign makes the webhook-signature header ("v1," and base64) of a delivery with this webhook-id and body, sent at the given time with
// webhook-timestamp as Unix seconds. The token is written as GitLab shows it.
func Sign(token, id string, at time.Time, body []byte) (string, error) {
	key, err := signingKey(token)
	if err != nil {
		return "", fmt.Errorf("signing a delivery: the signing token %w", err)
	}
	if id == "" {
		return "", errors.New("signing a delivery: its webhook-id is empty")
	}
	sum := signature(key, id, strconv.FormatInt(at.Unix(), 10), body)
	return signatureVersion + base64.StdEncoding.EncodeToString(sum), nil
}

// signingKey reads a signing token. Its errors follow the name of the token and do not show it.
func signingKey(token string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(token, signingPrefix)
	if !ok {
		return nil, fmt.Errorf("does not begin with %q; copy it whole from GitLab", signingPrefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return nil, fmt.Errorf("is not base64 after %q; copy it whole from GitLab", signingPrefix)
	}
	if len(key) < shortestKey || len(key) > longestKey {
		return nil, fmt.Errorf("holds a key of %d bytes, expected are %d to %d; copy it whole from GitLab", len(key), shortestKey, longestKey)
	}
	return key, nil
}
