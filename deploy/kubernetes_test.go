package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
	"flowkeeper/rules"
)

// base is what is the same wherever the bot runs on Kubernetes.
const base = "kubernetes/base"

// objects are all that the base makes, by kind and name. What overlays and the chart make of it is looked at in check/.
func objects(t *testing.T) map[string]object {
	t.Helper()
	k := document[struct{ Resources []string }](t, filepath.Join(base, "kustomization.yaml"))
	all := map[string]object{}
	for _, file := range k.Resources {
		for _, o := range documents[object](t, filepath.Join(base, file)) {
			all[o.Kind+" "+o.Metadata.Name] = o
		}
	}
	return all
}

// find is one of the objects.
func find(t *testing.T, name string) object {
	t.Helper()
	o, ok := objects(t)[name]
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return o
}

// TestEveryManifestIsNamed finds a file that was written and forgotten.
func TestEveryManifestIsNamed(t *testing.T) {
	k := document[struct {
		Resources          []string
		ConfigMapGenerator []struct{ Files []string } `yaml:"configMapGenerator"`
	}](t, filepath.Join(base, "kustomization.yaml"))
	named := append(slices.Clone(k.Resources), "kustomization.yaml")
	for _, g := range k.ConfigMapGenerator {
		named = append(named, g.Files...)
	}
	var have []string
	files, err := filepath.Glob(filepath.Join(base, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		have = append(have, filepath.Base(f))
	}
	slices.Sort(named)
	if diff := cmp.Diff(named, have); diff != "" {
		t.Errorf("manifests (-named in kustomization.yaml +in the folder):\n%s", diff)
	}
}

// TestRestricted checks every pod against what the namespace demands, and against more: nothing that it can write but its volumes.
func TestRestricted(t *testing.T) {
	pods := 0
	for name, o := range objects(t) {
		p := o.Spec.Template.Spec
		if len(p.Containers) == 0 {
			continue
		}
		pods++
		if p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
			t.Errorf("%s: pods get a token of Kubernetes, which they do not need", name)
		}
		if p.EnableServiceLinks == nil || *p.EnableServiceLinks {
			t.Errorf("%s: pods get variables for all services", name)
		}
		if s := p.SecurityContext; !s.RunAsNonRoot || s.RunAsUser == 0 || s.FSGroup == 0 || s.SeccompProfile.Type != "RuntimeDefault" {
			t.Errorf("%s: the pod's security context is %+v", name, s)
		}
		for _, c := range p.Containers {
			s := c.SecurityContext
			if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem ||
				!slices.Equal(s.Capabilities.Drop, []string{"ALL"}) || len(s.Capabilities.Add) > 0 {
				t.Errorf("%s: the security context of %s is %+v", name, c.Name, s)
			}
			if c.Resources.Limits["memory"] == "" {
				t.Errorf("%s: %s may take all the memory of its node", name, c.Name)
			}
		}
		for _, v := range p.Volumes {
			if v.Secret.SecretName != "" && v.Secret.DefaultMode != 0o440 {
				t.Errorf("%s: the secrets in %s have the mode %o, want 440: for the pod alone", name, v.Name, v.Secret.DefaultMode)
			}
		}
	}
	if pods != 2 {
		t.Errorf("%d kinds of pods were looked at, want the bot's and Redis's", pods)
	}
}

// TestEnvironmentIsAccepted gives the bot the variables, the secrets and the policy of the manifests, as it would find them.
func TestEnvironmentIsAccepted(t *testing.T) {
	p := find(t, "Deployment flowkeeper").Spec.Template.Spec
	c := p.Containers[0]
	dir := t.TempDir()
	secrets := map[string]string{"gitlab_token": token, "webhook_secret": secret, "redis_url": "redis://:a-password@flowkeeper-redis:6379/0"}
	var environ []string
	values := map[string]string{}
	for _, v := range c.Env {
		values[v.Name] = v.Value
		if path, ok := strings.CutPrefix(v.Value, "/run/secrets/flowkeeper/"); ok {
			if secrets[path] == "" {
				t.Fatalf("%s names the secret %s, which README.md does not make", v.Name, path)
			}
			v.Value = filepath.Join(dir, path)
			if err := os.WriteFile(v.Value, []byte(secrets[path]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if v.Name == "FLOWKEEPER_CONFIG" {
			v.Value = filepath.Join(base, filepath.Base(v.Value))
		}
		environ = append(environ, v.Name+"="+v.Value)
	}
	loaded, err := config.Load("", environ, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	if !loaded.GitLab.Token.IsSet() || len(loaded.Server.WebhookSecrets) != 1 || !loaded.Inbox.RedisURL.IsSet() || loaded.Server.URL == "" {
		t.Error("the bot lacks a token, a secret, a Redis or its address")
	}
	mounts := map[string]volume{}
	for _, m := range c.VolumeMounts {
		for _, v := range p.Volumes {
			if v.Name == m.Name {
				mounts[m.MountPath] = v
			}
		}
		if m.ReadOnly == (m.MountPath == values["FLOWKEEPER_DATA_DIR"]) {
			t.Errorf("%s: read-only is %v", m.MountPath, m.ReadOnly)
		}
	}
	if mounts[values["FLOWKEEPER_DATA_DIR"]].EmptyDir == nil || mounts["/run/secrets/flowkeeper"].Secret.SecretName != "flowkeeper" ||
		mounts[filepath.Dir(values["FLOWKEEPER_CONFIG"])].ConfigMap.Name != "flowkeeper-policy" {
		t.Errorf("a volume is not where a variable says: %+v", mounts)
	}
	ports := map[string]int{}
	for _, port := range c.Ports {
		ports[port.Name] = port.ContainerPort
	}
	if diff := cmp.Diff(map[string]int{"webhooks": portOf(t, loaded.Server.Listen), "admin": portOf(t, loaded.Server.Admin)}, ports); diff != "" {
		t.Errorf("ports (-of the configuration +of the container):\n%s", diff)
	}
	const closing = 5 * time.Second // what bot.App takes beyond the drain time
	stop := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + loaded.Server.Drain + closing
	if grace := time.Duration(p.TerminationGracePeriodSeconds) * time.Second; c.Lifecycle.PreStop.Sleep.Seconds == 0 || grace < stop {
		t.Errorf("a stop may take %s and is given %s", stop, grace)
	}
}

// TestReadmeMakesTheSecrets: the keys of the secrets are in the commands of the README.
func TestReadmeMakesTheSecrets(t *testing.T) {
	readme := read(t, "README.md")
	for _, v := range find(t, "Deployment flowkeeper").Spec.Template.Spec.Containers[0].Env {
		if path, ok := strings.CutPrefix(v.Value, "/run/secrets/flowkeeper/"); ok && !strings.Contains(readme, "--from-literal="+path+"=") && !strings.Contains(readme, "--from-file="+path+"=") {
			t.Errorf("README.md does not say how the secret gets its key %s", path)
		}
	}
}

// TestProbesAnswer asks a running bot what Kubernetes would.
func TestProbesAnswer(t *testing.T) {
	o := find(t, "Deployment flowkeeper")
	c := o.Spec.Template.Spec.Containers[0]
	if o.Spec.Replicas != 2 || c.LivenessProbe.HTTPGet.Port != "admin" || c.ReadinessProbe.TCPSocket.Port != "webhooks" {
		t.Errorf("%d replicas, probes %+v and %+v", o.Spec.Replicas, c.LivenessProbe, c.ReadinessProbe)
	}
	bot := start(t)
	for _, path := range []string{c.LivenessProbe.HTTPGet.Path, "/readyz", "/decisions", "/dead"} {
		if status := bot.get(path); status != 200 {
			t.Errorf("GET %s: %d", path, status)
		}
	}
}

// TestServicesAndPolicies: services lead to the port for webhooks alone, disruptions take one pod, and the network lets through
// what the containers listen on.
func TestServicesAndPolicies(t *testing.T) {
	if s := find(t, "Service flowkeeper").Spec; len(s.Ports) != 1 || s.Ports[0].TargetPort != "webhooks" {
		t.Errorf("the service leads to %+v, want the webhooks alone: the admin port has no password", s.Ports)
	}
	if s := find(t, "PodDisruptionBudget flowkeeper").Spec; s.MaxUnavailable != 1 {
		t.Errorf("%d pods may be away", s.MaxUnavailable)
	}
	both := []string{"Ingress", "Egress"}
	if s := find(t, "NetworkPolicy nobody").Spec; len(s.PodSelector.MatchLabels) != 0 || !slices.Equal(s.PolicyTypes, both) || len(s.Ingress) != 0 {
		t.Errorf("the policy for everybody is %+v", s)
	}
	for name, owner := range map[string]string{"flowkeeper": "Deployment flowkeeper", "flowkeeper-redis": "StatefulSet flowkeeper-redis"} {
		policy := find(t, "NetworkPolicy "+name).Spec
		var open, listening []int
		for _, i := range policy.Ingress {
			for _, p := range i.Ports {
				open = append(open, p.Port)
			}
		}
		for _, p := range find(t, owner).Spec.Template.Spec.Containers[0].Ports {
			listening = append(listening, p.ContainerPort)
		}
		if diff := cmp.Diff(listening, open); diff != "" || !slices.Equal(policy.PolicyTypes, both) {
			t.Errorf("%s: ports (-listening +open):\n%s", name, diff)
		}
	}
}

// TestRedisKeepsWhatItTook: both ways to run Redis sync every write and never evict.
func TestRedisKeepsWhatItTook(t *testing.T) {
	redis := find(t, "StatefulSet flowkeeper-redis").Spec
	if len(redis.VolumeClaimTemplates) != 1 {
		t.Errorf("%d claims for the disk, want one", len(redis.VolumeClaimTemplates))
	}
	compose := document[composed](t, "compose.yaml")
	for name, command := range map[string][]string{
		base + "/redis.yaml": redis.Template.Spec.Containers[0].Command,
		"compose.yaml":       compose.Services["redis"].Command,
	} {
		line := strings.Join(command, " ") + " "
		for _, want := range []string{"--appendonly yes ", "--appendfsync always ", "--maxmemory-policy noeviction "} {
			if !strings.Contains(line, want) {
				t.Errorf("%s: Redis is started without %s: %s", name, want, line)
			}
		}
	}
}
