package sandbox

import (
	"embed"
	"fmt"
	"net/http"
	"strings"

	"flowkeeper/bot/sandbox/graphql"
)

//go:embed schema
var schemas embed.FS

// queryMethod and mutationMethod are how the journal calls the method of a question and of a change in GraphQL.
const (
	queryMethod    = "QUERY"
	mutationMethod = "MUTATION"
)

// graphQLRoute is the one address of GraphQL.
var graphQLRoute = route{queryMethod, "/api/graphql", "query", answerGraphQL}

// schemaOf is the schema of this version and edition. What an edition does not have is not in it, as in GitLab's builds.
func (s *Server) schemaOf() (*graphql.Schema, error) {
	parts := []string{"base"}
	add := func(major, minor int, names ...string) {
		if s.atLeast(major, minor) {
			parts = append(parts, names...)
		}
	}
	add(17, 4, "development")
	add(18, 1, "features")
	if s.opt.Edition != CE {
		add(18, 2, "status")
		add(18, 3, "status_feature")
		add(19, 3, "status_name")
	}
	texts := make([]string, len(parts))
	for n, part := range parts {
		text, err := schemas.ReadFile("schema/" + part + ".graphql")
		if err != nil {
			return nil, fmt.Errorf("reading the schema of GraphQL: %w", err)
		}
		texts[n] = string(text)
	}
	return graphql.NewSchema(texts...)
}

// readGraphQL reads a request to GraphQL. errs say why it is refused.
func (s *Server) readGraphQL(p params) (r *graphql.Request, errs []string) {
	if s.schema == nil {
		schema, err := s.schemaOf()
		if err != nil {
			return nil, []string{err.Error()}
		}
		s.schema = schema
	}
	query, _ := p.text("query")
	variables, _ := p["variables"].(map[string]any)
	return s.schema.Read(query, variables)
}

// answerGraphQL answers a question or makes a change. Whatever is wrong with it, the status is 200.
func answerGraphQL(s *Server, c *apiCall) apiAnswer {
	r, errs := s.readGraphQL(c.params)
	if len(errs) > 0 {
		return ok(object{"errors": messages(errs)})
	}
	data, errs := r.Answer(s.graphQLRoot(c))
	answer := object{"data": data}
	if len(errs) > 0 {
		answer["errors"] = messages(errs)
	}
	return ok(answer)
}

func messages(texts []string) []object {
	list := make([]object, len(texts))
	for n, text := range texts {
		list[n] = object{"message": text}
	}
	return list
}

// graphQLLine names a request to GraphQL for the journal: "QUERY licence", "QUERY participants 1#1", "QUERY namespace g/p", "MUTATION workItemUpdate 1#1".
func (s *Server) graphQLLine(p params) string {
	query, _ := p.text("query")
	if strings.Contains(query, "availableFeatures") {
		return queryMethod + " licence"
	}
	about := ""
	if i := s.aboutID(p); i != nil {
		about = " " + i.ref().String()
	} else if variables, _ := p["variables"].(map[string]any); variables != nil {
		for _, name := range []string{"path", "fullPath", "p"} {
			if path, is := variables[name].(string); is {
				about = " " + path
			}
		}
	}
	if strings.Contains(query, "emailParticipants") {
		return queryMethod + " participants" + about
	}
	r, errs := s.readGraphQL(p)
	switch {
	case len(errs) > 0:
		return queryMethod + " refused" + about
	case r.Mutation:
		return mutationMethod + " " + strings.Join(r.Fields, " ") + about
	}
	return queryMethod + " " + strings.Join(r.Fields, " ") + about
}

// aboutID finds the work item that a request names by its global id.
func (s *Server) aboutID(p params) *issue {
	variables, _ := p["variables"].(map[string]any)
	global, _ := variables["id"].(string)
	if input, nested := variables["input"].(map[string]any); nested && global == "" {
		global, _ = input["id"].(string)
	}
	return s.workItem(global)
}

func (s *Server) workItem(global string) *issue {
	id, found := strings.CutPrefix(global, "gid://gitlab/WorkItem/")
	if !found {
		return nil
	}
	for _, p := range s.projects {
		for _, i := range p.issues {
			if i.id == parseID(id) {
				return i
			}
		}
	}
	return nil
}

// serveGraphQL answers GraphQL.
func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, graphQLRoute) }

// GraphQLOff refuses GraphQL as an instance or a proxy that has switched it off.
func GraphQLOff() Fault { return Fault{Match: "/api/graphql", Times: -1, Status: http.StatusNotFound} }

// GraphQLAnswersHTML answers GraphQL with a page, as a proxy does that asks people to sign in.
func GraphQLAnswersHTML() Fault {
	return Fault{
		Match: "/api/graphql", Times: -1, Status: http.StatusOK, Body: "<!DOCTYPE html><html><body>Sign in</body></html>",
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
	}
}

// GraphQLNulls answers a request to GraphQL with the field at the top null and an error beside it, and the status 200, as GitLab does with what it could not
// work out in time. A change is made all the same.
func GraphQLNulls(match, field string) Fault {
	return Fault{Match: match, Body: fmt.Sprintf(`{"data":{%q:null},"errors":[{"message":"Timeout on %s","path":[%q]}]}`, field, field, field)}
}
