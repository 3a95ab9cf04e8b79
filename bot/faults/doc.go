// Package faults holds the tests that let the whole program fail: real processes that are killed, a real Redis that goes away, an embedded
// store that is lost, a road on which webhooks are lost and doubled, a GitLab that breaks off. It has no code of its own; the tests know
// the program only as its operators do, by its command line, its admin address, its webhooks and what it does to issues.
package faults
