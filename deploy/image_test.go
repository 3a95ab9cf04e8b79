package deploy_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
	"flowkeeper/rules"
)

// portOf is the port of an address to listen on.
func portOf(t *testing.T, address string) int {
	t.Helper()
	m := port.FindStringSubmatch(address)
	if m == nil {
		t.Fatalf("%q has no port", address)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var (
	port        = regexp.MustCompile(`:(\d+)$`)
	instruction = regexp.MustCompile(`(?m)^([A-Z]+) ((?:.*\\\n)*.*)$`)
	assignment  = regexp.MustCompile(`(FLOWKEEPER_[A-Z_]+)=(\S+)`)
)

// image is what the Dockerfile's last stage says, instruction by instruction; of several the last.
func image(t *testing.T) map[string]string {
	t.Helper()
	last := map[string]string{}
	for _, m := range instruction.FindAllStringSubmatch(read(t, "../Dockerfile"), -1) {
		if m[1] == "FROM" {
			clear(last)
		}
		last[m[1]] = m[2]
	}
	return last
}

// TestImage: the image runs as the user that all manifests expect, and its variables, ports and volume belong together.
func TestImage(t *testing.T) {
	i := image(t)
	pod := find(t, "Deployment flowkeeper").Spec.Template.Spec
	user := strconv.Itoa(pod.SecurityContext.RunAsUser)
	if i["USER"] != user+":"+user {
		t.Errorf("the image runs as %s, Kubernetes as %s", i["USER"], user)
	}
	if !strings.HasPrefix(i["FROM"], "gcr.io/distroless/static") {
		t.Errorf("the image is made from %s, want one without a shell", i["FROM"])
	}
	var environ []string
	env := map[string]string{}
	for _, m := range assignment.FindAllStringSubmatch(i["ENV"], -1) {
		environ, env[m[1]] = append(environ, m[0]), m[2]
	}
	loaded, err := config.Load("", environ, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	ports := strconv.Itoa(portOf(t, loaded.Server.Listen)) + " " + strconv.Itoa(portOf(t, loaded.Server.Admin))
	if i["EXPOSE"] != ports || i["VOLUME"] != loaded.Inbox.DataDir {
		t.Errorf("EXPOSE %s and VOLUME %s, listening on %s and writing to %s", i["EXPOSE"], i["VOLUME"], ports, loaded.Inbox.DataDir)
	}
	if !strings.Contains(i["HEALTHCHECK"], ":"+strconv.Itoa(portOf(t, loaded.Server.Admin))+"/healthz") {
		t.Errorf("the health check asks somewhere else: %s", i["HEALTHCHECK"])
	}
	if i["ENTRYPOINT"] != `["/flowkeeper"]` || i["CMD"] != `["serve"]` || !slices.Equal(pod.Containers[0].Args, []string{"serve"}) {
		t.Errorf("the image runs %s %s, Kubernetes the arguments %v", i["ENTRYPOINT"], i["CMD"], pod.Containers[0].Args)
	}
	for _, v := range pod.Containers[0].Env {
		if set, ok := env[v.Name]; ok && set != v.Value {
			t.Errorf("%s is %s in the image and %s in Kubernetes", v.Name, set, v.Value)
		}
	}
}

// TestShippedPolicies: both ways to run the bot ship the same policy, which Compose mounts from beside its file. It shows the first
// questions and lets no rule write yet.
func TestShippedPolicies(t *testing.T) {
	load := func(path string) config.Config {
		c, err := config.Load(path, nil, rules.Catalogue())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	compose, kubernetes := load("flowkeeper.yaml"), load(base+"/flowkeeper.yaml")
	if diff := cmp.Diff(compose.String(), kubernetes.String()); diff != "" {
		t.Errorf("policies (-Compose +Kubernetes):\n%s", diff)
	}
	for name, c := range map[string]config.Config{"the policy": compose, "the example's policy": load("kubernetes/example/flowkeeper.yaml")} {
		if c.OnlyShadowReason() == "" {
			t.Errorf("%s: rules write before anybody has read what they would do", name)
		}
	}
	for name, bot := range bots(t) {
		if mount := "./flowkeeper.yaml:" + bot.Environment["FLOWKEEPER_CONFIG"] + ":ro"; !slices.Contains(bot.Volumes, mount) {
			t.Errorf("%s: %s is not mounted; there is %v", name, mount, bot.Volumes)
		}
	}
	for _, file := range []string{"flowkeeper.yaml", base + "/flowkeeper.yaml"} {
		for _, key := range []string{"roles:", "group_label:", "labels:", "scope:", "all:"} {
			if !strings.Contains(read(t, file), key) {
				t.Errorf("%s does not ask about %s", file, key)
			}
		}
	}
}
