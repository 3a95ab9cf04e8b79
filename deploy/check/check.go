// Package check holds the manifests, the chart and the compose file of deploy/ to what reads them: kustomize's, helm's, Kubernetes's and
// Compose's own code. It is a module of its own, so that Flowkeeper itself depends on none of them.
package check
