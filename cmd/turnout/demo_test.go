package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/api/site"
	"turnout/checkin"
	"turnout/community"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// The demo keeps every invariant that doctor knows, gives a recap that is worth looking at, and seeding again changes nothing.
func TestDemo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		a := demoApp(t, db)
		began := time.Now()
		if err := a.seedDemo(ctx); err != nil {
			t.Fatal(err)
		}
		t.Logf("seeded in %v", time.Since(began))
		checkDemoInvariants(t, a)
		before := rowCounts(t, db)
		if err := a.seedDemo(ctx); err != nil {
			t.Fatal(err)
		}
		if after := rowCounts(t, db); after != before {
			t.Errorf("seeding again: %d rows became %d", before, after)
		}
		past, err := events.FindPublic(ctx, db.Read(), slugPast)
		if err != nil {
			t.Fatal(err)
		}
		t.Run("recap", func(t *testing.T) { checkDemoRecap(t, a, past) })
		t.Run("site", func(t *testing.T) { checkDemoSite(t, a, past) })
		for _, who := range demoSignIns {
			if _, err := a.Organisers.SignIn(ctx, who.email, who.password, "127.0.0.1"); err != nil {
				t.Errorf("%s: %v", who.email, err)
			}
		}
		next, err := events.FindPublic(ctx, db.Read(), slugNext)
		if err != nil {
			t.Fatal(err)
		}
		offers, err := a.Ticketing.Offers(ctx, next)
		if err != nil || offers[0].Availability != ticketing.SoldOut || offers[1].Availability != ticketing.Available {
			t.Errorf("offers %+v, %v", offers, err)
		}
		checkDemoShop(t, a, next)
		checkDemoRefund(t, a, next)
		start := httptest.NewRecorder()
		a.server.ServeHTTP(start, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		tips, _, _ := strings.Cut(start.Body.String(), `class="root-communities"`)
		for _, link := range []string{"/e/" + slugNext, "/door/" + slugNext, "/console/events/" + slugPast + "/recap"} {
			if !strings.Contains(tips, `href="`+link+`"`) {
				t.Errorf("the start page's tips do not lead to %s", link)
			}
		}
	})
}

// Whatever the date of the seeding (weekdays, clock changes, leap days), the history holds and is worth telling.
func TestDemoOnOtherDays(t *testing.T) {
	for _, now := range []time.Time{
		time.Date(2028, 2, 29, 23, 59, 59, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 3, 28, 1, 30, 0, 0, time.UTC),
		time.Date(2027, 7, 4, 12, 0, 0, 0, time.UTC), time.Date(2027, 10, 31, 1, 30, 0, 0, time.UTC),
	} {
		t.Run(now.Format(time.DateOnly), func(t *testing.T) {
			t.Parallel()
			a := demoApp(t, dbtest.Open(t, database.SQLite))
			a.Now = func() time.Time { return now }
			a.Community.Now, a.Recap.Now = a.Now, a.Now
			if err := a.seedDemo(t.Context()); err != nil {
				t.Fatal(err)
			}
			checkDemoInvariants(t, a)
			past, err := events.FindPublic(t.Context(), a.DB.Read(), slugPast)
			if err != nil {
				t.Fatal(err)
			}
			checkDemoRecap(t, a, past)
		})
	}
}

func demoApp(t *testing.T, db *database.DB) *app {
	t.Helper()
	config, err := readConfig([]string{"TURNOUT_BASE_URL=http://localhost:1"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(t.Context(), db, config, true)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func checkDemoInvariants(t *testing.T, a *app) {
	for name, check := range map[string]func(context.Context, bun.IDB) ([]string, error){"ticketing": ticketing.Check, "checkin": checkin.Check} {
		if found, err := check(t.Context(), a.DB.Read()); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %d findings, the first: %.5q", name, err, len(found), found)
		}
	}
}

func checkDemoRecap(t *testing.T, a *app, past *events.Event) {
	report, err := a.Recap.Recap(t.Context(), past.CommunityID, slugPast)
	if err != nil {
		t.Fatal(err)
	}
	if n := report.Registered.Value; n < 350 || n > 460 {
		t.Errorf("%d registered, want about 400", n)
	}
	if rate := report.NoShows.Value.Rate; *rate < 0.17 || *rate > 0.28 {
		t.Errorf("no-show share %v, want about 0.22", *rate)
	}
	activation := report.Activation.Value
	came, absent := activation.Population(community.Attended), activation.Population(community.NoShow)
	if !activation.Complete || *came.Rate < *absent.Rate+0.05 || came.AlreadyActive == 0 || came.Reactivated == 0 || activation.Population(community.Waitlisted).People < 15 {
		t.Errorf("activation %+v", activation)
	}
	if report.Money.Refunded.Value.Amount == 0 || report.Money.SponsorReceived.Value.Amount == 0 || report.CameVirtual.Value < 30 {
		t.Errorf("money %+v", report.Money)
	}
	reasons := map[string]bool{}
	for _, r := range report.Refusals.Value {
		reasons[r.Reason] = true
	}
	for _, want := range []checkin.Reason{checkin.AlreadyCheckedIn, checkin.WrongList, checkin.Canceled, checkin.NotYetValid, checkin.UnknownTicket} {
		if !reasons[string(want)] {
			t.Errorf("no scan was refused as %s", want)
		}
	}
	t.Logf("registered %d, paid %d, came %d (%d here, %d online), activated %d, refusals %v", report.Registered.Value, report.Paid.Value, report.Came.Value,
		report.CameInPerson.Value, report.CameVirtual.Value, report.Activated.Value, report.Refusals.Value)
	for _, p := range activation.Populations {
		t.Logf("%+v rate %v", p, p.Rate)
	}
}

// checkDemoSite sees that the public site is written whole, or a file that was there before stays.
func checkDemoSite(t *testing.T, a *app, e *events.Event) {
	cmd := &exportSiteCommand{Out: filepath.Join(t.TempDir(), "site.zip")}
	if err := cmd.write(t.Context(), a, e); err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(cmd.Out)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !slices.ContainsFunc(r.File, func(f *zip.File) bool { return f.Name == "index.html" }) {
		t.Error("the site has no beginning")
	}
	before, err := os.ReadFile(cmd.Out)
	if err != nil {
		t.Fatal(err)
	}
	draft := *e
	draft.Slug = "none"
	if err := cmd.write(t.Context(), a, &draft); !errors.Is(err, site.ErrNotPublic) {
		t.Errorf("an event without a public page: %v", err)
	}
	after, err := os.ReadFile(cmd.Out)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("what was there is another: %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(cmd.Out)); err != nil || len(left) != 1 {
		t.Errorf("%d files are left: %v", len(left), err)
	}
}

// checkDemoShop looks for what an organiser wants to see of a shop.
func checkDemoShop(t *testing.T, a *app, e *events.Event) {
	db := a.DB.Read()
	for what, q := range map[string]*bun.SelectQuery{
		"orders that await approval":       db.NewSelect().Table("orders").Where("status = ?", ticketing.AwaitingApproval),
		"approved orders":                  db.NewSelect().Table("orders").Where("decided_at IS NOT NULL").Where("status = ?", ticketing.Held),
		"declined orders":                  db.NewSelect().Table("orders").Where("decided_at IS NOT NULL").Where("status = ?", ticketing.OrderCanceled),
		"given tickets":                    db.NewSelect().Table("orders").Where("source = ?", ticketing.FromBoxOffice).Where("total = 0"),
		"vouchers that were used":          db.NewSelect().Table("vouchers").Where("uses > 0"),
		"places that a voucher reserves":   db.NewSelect().Table("pool_claims").Where("holder_kind = 'voucher'").Where("quantity > 0"),
		"parties that were offered places": db.NewSelect().Table("waitlist_entries").Where("status = ?", ticketing.Offered),
		"add-ons sold":                     db.NewSelect().Table("add_on_totals").Where("sold > 0"),
		"tickets sold at an early price":   db.NewSelect().Table("order_lines").Where("price_name <> ''"),
	} {
		if n, err := q.Count(t.Context()); err != nil || n == 0 {
			t.Errorf("there are no %s: %v", what, err)
		}
	}
	if rows, err := a.Ticketing.WaitlistRows(t.Context(), e, ticketing.WaitlistFilter{Status: ticketing.Waiting, Limit: 50}); err != nil || len(rows) < 3 {
		t.Errorf("%d parties wait, %v", len(rows), err)
	}
}

// checkDemoRefund cancels a paid order of the demo: the sandbox knows its payment and gives the money back.
func checkDemoRefund(t *testing.T, a *app, e *events.Event) {
	var order *ticketing.Order
	orders, err := a.Ticketing.Orders(t.Context(), e.CommunityID, e.ID, ticketing.OrderFilter{Status: ticketing.Confirmed, Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range orders {
		if o.Total > 0 {
			order = o
		}
	}
	if _, err := a.Ticketing.CancelOrder(t.Context(), order.CommunityID, order.ID, ticketing.CanceledByOrganiser, false); err != nil {
		t.Fatal(err)
	}
	if _, err := a.runner.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.sandbox.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := a.Ticketing.Order(t.Context(), e.CommunityID, string(order.ID))
	if err != nil || len(after.Refunds) != 1 || after.Refunds[0].Status != ticketing.RefundSucceeded {
		t.Errorf("after the cancellation: %+v, %v", after.Refunds, err)
	}
}

// rowCounts adds up the rows of the tables that seeding fills.
func rowCounts(t *testing.T, db *database.DB) (sum int64) {
	for _, table := range []string{"communities", "accounts", "persons", "events", "orders", "tickets", "scans", "activities", "audit_log", "blobs", "settings"} {
		n, err := db.Read().NewSelect().TableExpr("?", bun.Ident(table)).Count(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}
