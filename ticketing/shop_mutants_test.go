package ticketing_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutants break one rule of the shop each, on purpose.
var mutants = []struct{ rule, file, from, to string }{
	{"what is free can be sold", "basket.go", "b.needs[id]-b.own[id] > free(id)", "b.needs[id]-b.own[id] > free(id)-1"},
	{"a voucher is used max_uses times", "voucher.go", "b.uses > left", "b.uses > left+1"},
	{"discounts stay within the budget", "voucher.go", "b.spent > left", "b.spent > v.budgetLeft()+1000"},
	{"an ended order gives its voucher's uses back", "counters.go", "if line.VoucherID != \"\" && slices.Contains(holding, o.Status) {", "if line.VoucherID != \"\" && n > 0 && slices.Contains(holding, o.Status) {"},
	{"a percentage is rounded half away from zero", "voucher.go", "turnout.MulDiv(price, v.Value, 100)", "price * v.Value / 100"},
	{"those who wait go before the public", "waitlist_serve.go", "n > basket.own[pool]+b.gaveWay(in, pool) {", "n > basket.own[pool]+b.gaveWay(in, pool)+99 {"},
	{"a party is offered places for all of it", "waitlist_serve.go", "q.room(t) >= e.PartySize", "q.room(t) >= 1"},
	{"an offer ends at its deadline", "waitlist.go", "if e.Status == Offered && !now.Before(e.OfferExpiresAt) {", "if e.Status == Offered && now.IsZero() {"},
	{"a price window ends with its number", "price.go", "at = min(n, max(0, free(pool)))", "at = n"},
	{"what a ticket's price includes costs nothing more", "basket.go", "if k < how.Included {", "if k < min(0, how.Included) {"},
	{"an order that needs approval waits for it", "basket.go", "if q.of != nil && q.of.RequiresApproval {", "if q.of != nil && q.of.RequiresApproval && b.total > 0 {"},
	{"late money for places that are gone is given back", "settle_late.go", "if pools[id].Available()+own[id] < n {", "if pools[id].Available()+own[id] < n-1 {"},
	{"what was answered takes the choice's place", "sale_answers.go", "b.needs[pool]++", "b.needs[pool] += 0"},
	{"what a ticket cannot be had without is reckoned with", "offer.go", "ok && how.floor() > 0 && a.sellable(now) == nil {", "ok && how.floor() > 100 {"},
	{"an offer holds what its tickets cannot be had without", "waitlist_serve.go", "takes[pool] += each * e.PartySize", "takes[pool] += min(each, 1) * e.PartySize"},
	{"a voucher reserves only while it can be used", "voucher.go", "if !v.Reserves || !v.live(now) {", "if !v.Reserves {"},
}

// A rule that is broken makes the model fail: each mutant is compiled in the place of its file and must not get through. It takes minutes,
// so it runs with TURNOUT_TEST_SOAK=1 only; every mutant must still apply to the code as it is.
func TestTheModelSeesEveryBrokenRule(t *testing.T) {
	for _, m := range mutants {
		source, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(source), m.from) != 1 {
			t.Errorf("%s: %q is not in %s once: write the mutant anew", m.rule, m.from, m.file)
			continue
		}
		if os.Getenv("TURNOUT_TEST_SOAK") == "" {
			continue
		}
		t.Run(m.rule, func(t *testing.T) {
			if text := playMutant(t, m.file, strings.Replace(string(source), m.from, m.to, 1)); !strings.Contains(text, "FAIL: TestTheShopFollowsItsRules") {
				t.Errorf("nobody noticed:\n%s", text)
			}
		})
	}
}

// playMutant runs the model on SQLite with another text of one file, and gives what was printed.
func playMutant(t *testing.T, file, text string) string {
	t.Helper()
	dir := t.TempDir()
	mutant := filepath.Join(dir, "mutant.go")
	if err := os.WriteFile(mutant, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutant}})
	if err != nil {
		t.Fatal(err)
	}
	plan := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(plan, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", plan, "-run", "TestTheShopFollowsItsRules/sqlite", ".", "-rapid.checks=400", "-rapid.shrinktime=1ms")
	cmd.Env = append(os.Environ(), "TURNOUT_TEST_SOAK=", "TURNOUT_TEST_POSTGRES=")
	out, _ := cmd.CombinedOutput() // a mutant that is seen fails
	return string(out)
}
