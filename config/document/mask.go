package document

import (
	"regexp"
	"slices"
	"strings"
)

// Hidden is what is shown in the place of a secret.
const Hidden = "<secret>"

var (
	// tokenShape finds what is a secret by its looks: GitLab's tokens, signing tokens and the credentials of a URL.
	tokenShape = regexp.MustCompile(`\b(gl[a-z]{2,6}-|GR1348941|whsec_)[A-Za-z0-9_.=+/-]+|://[^\s"']*@`)
	// secretKey finds a key that sounds like a secret, and what follows it on the line.
	secretKey = regexp.MustCompile(`(?i)([\w-]*(?:token|secret|passw|credential|api[_-]?key)[\w-]*["']?[ \t]*[:=])(.*)`)
)

// MaskText hides parts of a message that look like a secret.
func MaskText(s string) string {
	return tokenShape.ReplaceAllStringFunc(s, func(found string) string {
		if strings.HasPrefix(found, "://") {
			return "://" + Hidden + "@"
		}
		return Hidden
	})
}

// maskSource hides what looks like a secret in the lines of a file: by its looks or by the key before it, also where the value stands
// on lines of its own. It works on broken YAML too, which is when excerpts matter most.
func maskSource(lines []string) []string {
	masked := slices.Clone(lines)
	under := -1 // the indent of a key whose value is on the following lines, -1 for none
	for n, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		rest := strings.TrimSpace(line)
		if under >= 0 && rest != "" {
			if indent > under || indent == under && strings.HasPrefix(rest, "-") {
				masked[n] = line[:indent] + Hidden
				continue
			}
			under = -1
		}
		masked[n] = MaskText(line)
		found := secretKey.FindStringSubmatch(line)
		if found == nil || strings.HasPrefix(rest, "#") {
			continue
		}
		under = indent
		if strings.TrimSpace(found[2]) != "" {
			masked[n] = secretKey.ReplaceAllString(masked[n], "${1} "+Hidden)
		}
	}
	return masked
}
