// Package deploy is what operators run Flowkeeper with: manifests, alerts, a dashboard and pages about them. It has no code of its own,
// only tests that hold these files to the program: a variable, a metric or a test that they name has to exist.
package deploy
