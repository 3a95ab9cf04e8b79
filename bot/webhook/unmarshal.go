package webhook

import (
	"encoding/json"

	jsonv2 "github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// likeV1 makes the fast decoder match keys as encoding/json does: in any case, but with their underscores.
var likeV1 = jsonv2.JoinOptions(jsonv2.MatchCaseInsensitiveNames(true), jsonv1.MatchCaseSensitiveDelimiter(true))

// unmarshal decodes as encoding/json does, in half its time. The fast decoder refuses input that encoding/json accepts: duplicate keys, broken
// UTF-8, one value of a wrong type among usable ones. Then encoding/json decodes, and its error counts.
func unmarshal[T any](data []byte) (*T, error) {
	quick := new(T)
	if jsonv2.Unmarshal(data, quick, likeV1) == nil {
		return quick, nil
	}
	thorough := new(T)
	return thorough, json.Unmarshal(data, thorough)
}
