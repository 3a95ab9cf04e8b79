package page

import (
	"html/template"

	"flowkeeper/bot/sandbox"
)

// icon is a reaction drawn by the page itself, so that it looks the same everywhere, also where no emoji font is installed.
type icon struct {
	Name  string // GitLab's name
	Sign  string // the character
	Shape template.HTML
}

// icons are the reactions that have a drawing, in a square of 20. All others are shown by name.
var icons = []icon{
	{"thumbsup", "👍", `<path fill="#e0a526" d="M2 9h3v8.5H2zM6.5 9l3.4-6.6c1-.5 2.2.2 2.2 1.5L11.6 8H16a1.8 1.8 0 0 1 1.7 2.2l-1.3 5.9a1.8 1.8 0 0 1-1.7 1.4H6.5z"/>`},
	{"thumbsdown", "👎", `<path fill="#e0a526" transform="rotate(180 10 10)" d="M2 9h3v8.5H2zM6.5 9l3.4-6.6c1-.5 2.2.2 2.2 1.5L11.6 8H16a1.8 1.8 0 0 1 1.7 2.2l-1.3 5.9a1.8 1.8 0 0 1-1.7 1.4H6.5z"/>`},
	{"tada", "🎉", `<path fill="#e0a526" d="M2 18 6.5 6.5l7 7z"/><g fill="#c2409b"><circle cx="11" cy="3" r="1.3"/><circle cx="16.5" cy="9" r="1.3"/></g><g fill="#3a78d6"><circle cx="15.5" cy="3.5" r="1.5"/><circle cx="7.5" cy="3" r="1"/><circle cx="17" cy="13" r="1"/></g>`},
	{"eyes", "👀", `<g fill="#fff" stroke="#59616e" stroke-width="1.2"><ellipse cx="5.8" cy="10" rx="3.9" ry="5.8"/><ellipse cx="14.2" cy="10" rx="3.9" ry="5.8"/></g><g fill="#333"><circle cx="4.5" cy="11" r="2"/><circle cx="12.9" cy="11" r="2"/></g>`},
	{"white_check_mark", "✅", `<rect x="2" y="2" width="16" height="16" rx="3.5" fill="#2a8a4a"/><path fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" d="m5.8 10.5 2.9 2.9 5.5-6.6"/>`},
	{"x", "❌", `<path fill="none" stroke="#cf3a3a" stroke-width="3" stroke-linecap="round" d="m4 4 12 12M16 4 4 16"/>`},
	{"heart", "❤", `<path fill="#d63c55" d="M10 17.5C4.5 13.5 2 10.6 2 7.4 2 5 3.8 3.2 6 3.2c1.6 0 3.1.9 4 2.3.9-1.4 2.4-2.3 4-2.3 2.2 0 4 1.8 4 4.2 0 3.2-2.5 6.1-8 10.1z"/>`},
	{"warning", "⚠", `<path fill="#e0a526" d="M10 2 19 17.5H1z"/><path stroke="#222" stroke-width="2" stroke-linecap="round" d="M10 7.5v4.2M10 14.6v.1"/>`},
}

// iconHTML is the HTML of a reaction, given by its name or its character; "" if there is no drawing of it.
func iconHTML(word string) string {
	name := sandbox.EmojiName(word)
	for _, i := range icons {
		if i.Name == name || i.Sign == word {
			return `<svg class="emoji" role="img" aria-label="` + i.Name + `"><use href="#e-` + i.Name + `"></use></svg>`
		}
	}
	return ""
}
