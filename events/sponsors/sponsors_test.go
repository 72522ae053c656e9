package sponsors_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/sponsors"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

const (
	home  = turnout.ID("com_home")
	other = turnout.ID("com_other")
)

var at = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

// newService gives a service over two communities; the first has the events "spring" and "autumn", in EUR.
func newService(t testing.TB, db *database.DB) *sponsors.Service {
	t.Helper()
	err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		for _, sql := range []string{
			`INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES (?0, ?0, ?0, ?4, ?4), (?1, ?1, ?1, ?4, ?4)`,
			`INSERT INTO events (id, community_id, number, slug, title, format, timezone, starts_at, ends_at, currency, signing_key, created_at, updated_at)
			 VALUES (?2, ?0, 1, 'spring', 'Spring', 'hybrid', 'UTC', ?4, ?5, 'EUR', '', ?4, ?4), (?3, ?0, 2, 'autumn', 'Autumn', 'hybrid', 'UTC', ?4, ?5, 'EUR', '', ?4, ?4)`,
		} {
			if _, err := tx.ExecContext(ctx, sql, home, other, turnout.NewID(turnout.PrefixEvent), turnout.NewID(turnout.PrefixEvent), at, at.Add(time.Hour)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &sponsors.Service{DB: db, Now: func() time.Time { return at }}
}

func euro(n int64) turnout.Money { return turnout.Money{Amount: n, Currency: "EUR"} }

func mustTier(t testing.TB, s *sponsors.Service, limit int64) *sponsors.Tier {
	t.Helper()
	tier, err := s.CreateTier(t.Context(), home, "spring", sponsors.TierInput{Name: "Gold", Price: euro(500000), Limit: &limit, Benefits: []string{"Logo", "Booth"}})
	if err != nil {
		t.Fatal(err)
	}
	return tier
}

// Many organisers sign sponsors into one tier at once: exactly as many get in as the tier takes.
func TestTierLimitHoldsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		tier := mustTier(t, s, 3)
		prospect, err := s.Create(t.Context(), home, "spring", sponsors.Input{Name: "Prospects hold no place", TierID: tier.ID})
		if err != nil || prospect.Status != sponsors.Prospect {
			t.Fatal(prospect, err)
		}
		var in, full atomic.Int64
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				_, err := s.Create(t.Context(), home, "spring", sponsors.Input{Name: "S", TierID: tier.ID, Status: sponsors.Signed, Promised: euro(1)})
				switch {
				case err == nil:
					in.Add(1)
				case errors.Is(err, sponsors.ErrTierFull):
					full.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in.Load() != 3 || full.Load() != 9 {
			t.Errorf("%d in, %d refused", in.Load(), full.Load())
		}
		if _, err := s.Update(t.Context(), home, prospect.ID, sponsors.Input{Name: "P", TierID: tier.ID, Status: sponsors.Promised}, nil); !errors.Is(err, sponsors.ErrTierFull) {
			t.Errorf("a prospect that promises: %v", err)
		}
		two, four := int64(2), int64(4)
		if _, err := s.UpdateTier(t.Context(), home, tier.ID, sponsors.TierInput{Name: "Gold", Price: euro(1), Limit: &two}, nil); !errors.Is(err, sponsors.ErrTierLimit) {
			t.Errorf("a limit below the sponsors: %v", err)
		}
		if _, err := s.UpdateTier(t.Context(), home, tier.ID, sponsors.TierInput{Name: "Gold", Price: euro(1), Limit: &four}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Update(t.Context(), home, prospect.ID, sponsors.Input{Name: "P", TierID: tier.ID, Status: sponsors.Promised}, nil); err != nil {
			t.Errorf("after the limit was raised: %v", err)
		}
		// A sponsor in a full tier can be changed without losing its place.
		if _, err := s.Update(t.Context(), home, prospect.ID, sponsors.Input{Name: "Q", TierID: tier.ID, Status: sponsors.Signed}, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestStatuses(t *testing.T) {
	all := []sponsors.Status{sponsors.Prospect, sponsors.Talking, sponsors.Promised, sponsors.Signed, sponsors.Invoiced, sponsors.Paid, sponsors.Lost}
	refused := map[[2]sponsors.Status]bool{
		{sponsors.Paid, sponsors.Lost}: true, {sponsors.Lost, sponsors.Promised}: true, {sponsors.Lost, sponsors.Signed}: true,
		{sponsors.Lost, sponsors.Invoiced}: true, {sponsors.Lost, sponsors.Paid}: true,
	}
	s := newService(t, dbtest.Open(t, database.SQLite))
	for _, from := range all {
		for _, to := range all {
			sponsor, err := s.Create(t.Context(), home, "spring", sponsors.Input{Name: "S", Status: from})
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Update(t.Context(), home, sponsor.ID, sponsors.Input{Name: "S", Status: to}, nil)
			if refused[[2]sponsors.Status{from, to}] {
				if !errors.Is(err, sponsors.ErrTransition) {
					t.Errorf("%s to %s: %v", from, to, err)
				}
			} else if err != nil || got.Status != to {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
	}
}

func TestMoneyOfSponsors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		ids := map[sponsors.Status]turnout.ID{}
		for _, status := range []sponsors.Status{sponsors.Talking, sponsors.Promised, sponsors.Paid, sponsors.Lost} {
			sponsor, err := s.Create(t.Context(), home, "spring", sponsors.Input{Name: string(status), Status: status, Promised: euro(1000)})
			if err != nil {
				t.Fatal(err)
			}
			ids[status] = sponsor.ID
		}
		pay := func(status sponsors.Status, amount int64, want error) {
			t.Helper()
			_, err := s.Receive(t.Context(), home, ids[status], sponsors.PaymentInput{Amount: euro(amount), ReceivedOn: "2026-04-30"})
			if !errors.Is(err, want) {
				t.Errorf("%d from %s: %v", amount, status, err)
			}
		}
		pay(sponsors.Paid, 700, nil)
		pay(sponsors.Paid, 300, nil)
		pay(sponsors.Paid, -100, nil)
		pay(sponsors.Paid, -901, sponsors.ErrOverdrawn)
		pay(sponsors.Lost, 50, nil)
		var event turnout.ID
		if err := db.Read().NewRaw(`SELECT id FROM events WHERE slug = 'spring'`).Scan(t.Context(), &event); err != nil {
			t.Fatal(err)
		}
		list, err := sponsors.List(t.Context(), db.Read(), home, event)
		if err != nil {
			t.Fatal(err)
		}
		var received []int64
		for _, sponsor := range list {
			received = append(received, sponsor.Received)
		}
		if !slices.Equal(received, []int64{0, 0, 900, 50}) {
			t.Errorf("received %v", received)
		}
		if got := sponsors.Sum(list); got != (sponsors.Totals{Promised: 2000, Received: 950, Sponsors: 2}) {
			t.Errorf("%+v", got)
		}
		if payments, err := sponsors.Payments(t.Context(), db.Read(), home, ids[sponsors.Paid]); err != nil || len(payments) != 3 {
			t.Errorf("%v, %v", payments, err)
		}
	})
}

func TestVersionsAndStrangers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		tier := mustTier(t, s, 1)
		sponsor, err := s.Create(t.Context(), home, "spring", sponsors.Input{Name: "S", TierID: tier.ID, Website: "https://example.org"})
		if err != nil {
			t.Fatal(err)
		}
		one := int64(1)
		if got, err := s.Update(t.Context(), home, sponsor.ID, sponsors.Input{Name: "T"}, &one); err != nil || got.Version != 2 || got.Status != sponsors.Prospect || got.TierID != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := s.UpdateTier(t.Context(), home, tier.ID, sponsors.TierInput{Name: "Silver", Price: euro(2)}, &one); err != nil || got.Version != 2 || got.Limit != nil {
			t.Errorf("%+v, %v", got, err)
		}
		for what, err := range map[string]error{
			"an old version": second(s.Update(t.Context(), home, sponsor.ID, sponsors.Input{Name: "U"}, &one)),
			"an old tier":    second(s.UpdateTier(t.Context(), home, tier.ID, sponsors.TierInput{Name: "U"}, &one)),
		} {
			if !errors.Is(err, turnout.ErrStale) {
				t.Errorf("%s: %v", what, err)
			}
		}
		for what, err := range map[string]error{
			"their event":   second(s.Create(t.Context(), other, "spring", sponsors.Input{Name: "U"})),
			"their sponsor": second(s.Update(t.Context(), other, sponsor.ID, sponsors.Input{Name: "U"}, nil)),
			"their tier":    second(s.UpdateTier(t.Context(), other, tier.ID, sponsors.TierInput{Name: "U"}, nil)),
			"their money":   second(s.Receive(t.Context(), other, sponsor.ID, sponsors.PaymentInput{Amount: euro(1), ReceivedOn: "2026-01-01"})),
		} {
			if !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestRefusedInput(t *testing.T) {
	s := newService(t, dbtest.Open(t, database.SQLite))
	tier := mustTier(t, s, 1)
	zero := int64(0)
	sponsor, err := s.Create(t.Context(), home, "spring", sponsors.Input{Name: "S"})
	if err != nil {
		t.Fatal(err)
	}
	for field, err := range map[string]error{
		"name":        second(s.Create(t.Context(), home, "spring", sponsors.Input{Name: "  "})),
		"promised":    second(s.Create(t.Context(), home, "spring", sponsors.Input{Name: "S", Promised: turnout.Money{Amount: 1, Currency: "USD"}})),
		"status":      second(s.Create(t.Context(), home, "spring", sponsors.Input{Name: "S", Status: "friend"})),
		"website":     second(s.Create(t.Context(), home, "spring", sponsors.Input{Name: "S", Website: "javascript:alert(1)"})),
		"tier_id":     second(s.Create(t.Context(), home, "autumn", sponsors.Input{Name: "S", TierID: tier.ID})),
		"logo_hash":   second(s.Create(t.Context(), home, "spring", sponsors.Input{Name: "S", LogoHash: "abc"})),
		"price":       second(s.CreateTier(t.Context(), home, "spring", sponsors.TierInput{Name: "T", Price: euro(-1)})),
		"limit":       second(s.CreateTier(t.Context(), home, "spring", sponsors.TierInput{Name: "T", Limit: &zero})),
		"benefits[0]": second(s.CreateTier(t.Context(), home, "spring", sponsors.TierInput{Name: "T", Benefits: []string{"a\x00b"}})),
		"amount":      second(s.Receive(t.Context(), home, sponsor.ID, sponsors.PaymentInput{Amount: euro(0), ReceivedOn: "2026-01-01"})),
		"received_on": second(s.Receive(t.Context(), home, sponsor.ID, sponsors.PaymentInput{Amount: euro(1), ReceivedOn: "1.1.2026"})),
	} {
		var refused *turnout.Error
		if !errors.As(err, &refused) || refused.Kind != turnout.Invalid || len(refused.Fields) != 1 || refused.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
