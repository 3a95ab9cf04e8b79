package inbox

import (
	"fmt"
	"math"
	"time"
)

// Bucket is a bucket of tokens that the whole fleet shares. It begins full. Takers that name the same bucket agree on its rate and
// burst.
type Bucket struct {
	Name    string
	Rate    float64 // tokens that drip into it a second
	Burst   int     // tokens that it holds
	Reserve int     // tokens that this taker must leave for the more urgent
}

// KeepBuckets is how long a bucket is remembered that nobody takes from. By then it must be full again.
const KeepBuckets = 24 * time.Hour

// Validate says what is wrong with taking n tokens from a bucket: what no wait would make possible, too.
func (b Bucket) Validate(n int) error {
	if err := ValidateName(b.Name); err != nil {
		return err
	}
	switch {
	case !(b.Rate > 0) || math.IsInf(b.Rate, 0):
		return fmt.Errorf("the bucket %s has the rate %g: it must be above 0", b.Name, b.Rate)
	case b.Burst < 1 || float64(b.Burst)/b.Rate > KeepBuckets.Seconds():
		return fmt.Errorf("the bucket %s has the burst %d: it must be above 0 and full again within %s, at a rate of %g a second",
			b.Name, b.Burst, KeepBuckets, b.Rate)
	case b.Reserve < 0 || n < 1 || n > b.Burst-b.Reserve:
		return fmt.Errorf("%d tokens can never be taken from the bucket %s: it holds %d, %d of them reserved",
			n, b.Name, b.Burst, b.Reserve)
	}
	return nil
}

// ValidateLevel says what is wrong with a level.
func ValidateLevel(name string, left int) error {
	if err := ValidateName(name); err != nil {
		return err
	}
	if left < 0 {
		return fmt.Errorf("the bucket %s cannot have %d tokens left: it must be 0 or above", name, left)
	}
	return nil
}
