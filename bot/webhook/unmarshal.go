package webhook

import (
	"encoding/json"

	jsonv2 "github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// likeV1 has the quick reader take keys as encoding/json does: in any case, but with their underscores.
var likeV1 = jsonv2.JoinOptions(jsonv2.MatchCaseInsensitiveNames(true), jsonv1.MatchCaseSensitiveDelimiter(true))

// unmarshal decodes as encoding/json does, in half its time. The quick reader refuses what only encoding/json makes something of: a key that
// stands there twice, broken UTF-8, a value of another type beside those that can be used. Then encoding/json decides, also about the error.
func unmarshal[T any](data []byte) (*T, error) {
	quick := new(T)
	if jsonv2.Unmarshal(data, quick, likeV1) == nil {
		return quick, nil
	}
	thorough := new(T)
	return thorough, json.Unmarshal(data, thorough)
}
