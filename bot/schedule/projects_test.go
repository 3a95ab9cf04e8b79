package schedule_test

import (
	"testing"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// Projects come from the configuration, as paths or ids, and from deliveries. A path is looked up once.
func TestProjects(t *testing.T) {
	inBubble(t, newLab(7, 8, 9), func(t *testing.T, r *rig) {
		r.lab.paths["g/p"] = 8
		if _, err := r.store.Enqueue(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 7, IID: 1}, IdempotencyKey: "1"}); err != nil {
			t.Fatal(err)
		}
		r.sweeper("9", "g/p", "g/none", "8", "g/p")
		expect(t, "asked", []string{"project g/p", "project g/none", "updated 9", "updated 8", "updated 7"}, r.lab.requests())
		r.pass(2 * every)
		r.lab.requests()
		r.lab.set(func() { r.lab.paths["g/none"] = 7 })
		r.pass(every)
		expect(t, "asked later", []string{"project g/none", "updated 9", "updated 8", "updated 7"}, r.lab.requests())
		r.pass(every)
		expect(t, "asked at last", []string{"updated 9", "updated 8", "updated 7"}, r.lab.requests())
		expect(t, "log lines", 1, r.logged("a listed project is left out until the bot's token can see it"))
	})
}
