package page

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/sandbox/markdown"
)

// visitor is who looks, and whom they meet.
type visitor struct {
	me    sandbox.User // the zero User if there is nobody but bots
	users []sandbox.User
}

// visitor is as whom somebody acts: the person of the cookie, else the first there is.
func (s *site) visitor(r *http.Request) visitor {
	v := visitor{users: s.gitlab.Users()}
	if c, err := r.Cookie(userCookie); err == nil {
		v.me = v.person(c.Value)
	}
	for _, u := range v.users {
		if v.me.Username == "" && !u.Bot {
			v.me = u
		}
	}
	return v
}

// user finds somebody by name; the zero User if there is nobody.
func (v visitor) user(username string) sandbox.User {
	for _, u := range v.users {
		if strings.EqualFold(u.Username, username) {
			return u
		}
	}
	return sandbox.User{}
}

// person is user without bots.
func (v visitor) person(username string) sandbox.User {
	if u := v.user(username); !u.Bot {
		return u
	}
	return sandbox.User{}
}

// tones is how many colours the style sheet has for chips.
const tones = 10

// chips are the labels of a project as they are shown, by name. Those of one scope have one colour.
type chips map[string]chipView

func chipsOf(labels []sandbox.Label) chips {
	chips, scopes, given := chips{}, map[string]int{}, 0
	for _, l := range labels {
		tone, known := scopes[l.Scope]
		if l.Scope == "" || !known {
			given++
			tone = given % tones
			scopes[l.Scope] = tone
		}
		v := chipView{Label: l.Name, Value: l.Name, Hint: l.Description, Tone: tone}
		if l.Scope != "" {
			v.Scope, v.Value = l.Scope, l.Name[len(l.Scope)+2:]
		}
		chips[l.Name] = v
	}
	return chips
}

// views shows labels of the project.
func (c chips) views(labels []string) []chipView {
	list := make([]chipView, len(labels))
	for n, name := range labels {
		list[n] = c.chip(name)
	}
	return list
}

// chip shows a label, also one of another project, from which the issue was moved.
func (c chips) chip(name string) chipView {
	if v, known := c[name]; known {
		return v
	}
	return chipView{Label: name, Value: name}
}

// markdown renders a text with its labels and people. The boxes are those that can be ticked, see markdown.References.
func (v visitor) markdown(text string, chips chips, box func(int, bool) string) template.HTML {
	html := markdown.Render(text, markdown.References{
		Label: func(name string) string {
			chip, known := chips[name]
			var b bytes.Buffer
			if !known || templates.ExecuteTemplate(&b, "chip", chip) != nil {
				return ""
			}
			return b.String()
		},
		Emoji:  iconHTML,
		Box:    box,
		Person: func(name string) bool { return v.user(name).Username != "" },
	})
	return template.HTML(html) // sanitised by Render
}
