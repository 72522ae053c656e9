package checkin_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/internal/dbtest"
)

// onTwoServers runs a test with two servers on one database, on each engine.
func onTwoServers(t *testing.T, test func(t *testing.T, first, second *door)) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newDoor(t, dbtest.Handle(t, address))
			test(t, first, first.server(dbtest.Handle(t, address)))
		})
	}
}

// device registers one.
func (d *door) device(in checkin.DeviceInput) (*checkin.Device, checkin.Opening) {
	d.t.Helper()
	if in.Name == "" {
		in.Name = "Phone"
	}
	made, opening, err := d.CreateDevice(d.t.Context(), d.event.CommunityID, d.event.ID, in)
	if err != nil {
		d.t.Fatal(err)
	}
	return made, opening
}

// works says what a token opens: nil for the door.
func (d *door) works(token string, want error) {
	d.t.Helper()
	if _, err := d.Authenticate(d.t.Context(), token, checkin.Heartbeat{}); !errors.Is(err, want) {
		d.t.Errorf("the token is answered %v, want %v", err, want)
	}
}

func (d *door) pairs(code string, want error) string {
	d.t.Helper()
	_, token, err := d.Pair(d.t.Context(), code, "192.0.2.7")
	if !errors.Is(err, want) {
		d.t.Errorf("the code is answered %v, want %v", err, want)
	}
	return token
}

// Of forty phones that scan one code at two servers at the same moment one is paired; the others are told so, and the token that was
// shown with the code opens nothing any more.
func TestAPairingCodePairsOnePhone(t *testing.T) {
	onTwoServers(t, func(t *testing.T, first, second *door) {
		d, opening := first.device(checkin.DeviceInput{})
		first.works(opening.Token, nil)
		var got atomic.Value
		var paired, told atomic.Int64
		dbtest.Together(40, func(i int) {
			_, token, err := []*door{first, second}[i%2].Pair(t.Context(), opening.Pairing, "192.0.2.7")
			switch {
			case err == nil:
				paired.Add(1)
				got.Store(token)
			case errors.Is(err, checkin.ErrPairingUsed):
				told.Add(1)
			default:
				t.Error(err)
			}
		})
		if paired.Load() != 1 || told.Load() != 39 {
			t.Fatalf("%d phones were paired, %d told", paired.Load(), told.Load())
		}
		first.works(opening.Token, checkin.ErrDevice)
		second.works(got.Load().(string), nil)
		if d, err := first.FindDevice(t.Context(), d.CommunityID, d.ID); err != nil || d.PairedAt.IsZero() || d.State(first.now()) != checkin.DeviceOnline {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

func TestADeviceEnds(t *testing.T) {
	onTwoServers(t, func(t *testing.T, first, second *door) {
		community := first.event.CommunityID
		at := func(after time.Duration) { first.clock.Store(int64(after)) } // both servers have one clock
		d, opening := first.device(checkin.DeviceInput{})
		if want := first.event.EndsAt.Add(24 * time.Hour); !d.Until().Equal(want) {
			t.Errorf("it works until %s, want %s", d.Until(), want)
		}

		// A code lives for a day, its token as long as the device.
		at(24 * time.Hour)
		first.pairs(opening.Pairing, checkin.ErrPairingOld)
		first.works(opening.Token, nil)
		at(32*time.Hour - time.Microsecond)
		first.works(opening.Token, nil)
		at(32 * time.Hour)
		first.works(opening.Token, checkin.ErrDevice)
		if _, _, err := first.RepairDevice(t.Context(), community, d.ID); !errors.Is(err, checkin.ErrDeviceExpired) {
			t.Errorf("paired again after its end: %v", err)
		}

		// A later end lets it be paired again; what was before opens nothing.
		change := d.Input()
		change.ExpiresAt = start.Add(100 * time.Hour)
		if _, err := first.UpdateDevice(t.Context(), community, d.ID, 0, change); err != nil {
			t.Fatal(err)
		}
		_, again, err := first.RepairDevice(t.Context(), community, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		first.works(opening.Token, checkin.ErrDevice)
		first.pairs(opening.Pairing, checkin.ErrPairing)
		held := first.pairs(again.Pairing, nil)
		second.works(held, nil)

		// Revoked at one server, it is refused by the other at the next request; so are its codes.
		_, third, err := first.RepairDevice(t.Context(), community, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		second.works(held, checkin.ErrDevice)
		second.works(third.Token, nil)
		for range 2 {
			if d, err = first.RevokeDevice(t.Context(), community, d.ID); err != nil || d.State(first.now()) != checkin.DeviceRevoked {
				t.Fatalf("%+v, %v", d, err)
			}
		}
		second.works(third.Token, checkin.ErrDevice)
		second.pairs(third.Pairing, checkin.ErrPairing)

		// It leaves by itself.
		_, fourth, err := first.RepairDevice(t.Context(), community, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		held = first.pairs(fourth.Pairing, nil)
		d, err = first.Authenticate(t.Context(), held, checkin.Heartbeat{})
		if err == nil {
			err = second.Unpair(t.Context(), d)
		}
		if err != nil {
			t.Fatal(err)
		}
		first.works(held, checkin.ErrDevice)
		_, fifth, err := first.RepairDevice(t.Context(), community, d.ID)
		if err == nil {
			err = second.Unpair(t.Context(), d) // the phone of before: it ends nothing of the next
		}
		if err != nil {
			t.Fatal(err)
		}
		first.works(fifth.Token, nil)
		if d, err = first.Authenticate(t.Context(), fifth.Token, checkin.Heartbeat{}); err == nil {
			err = second.Unpair(t.Context(), d)
		}
		if err != nil {
			t.Fatal(err)
		}
		if d, _ = first.FindDevice(t.Context(), community, d.ID); d.State(first.now()) != checkin.DeviceUnpaired {
			t.Errorf("it left and is %s", d.State(first.now()))
		}
	})
}

func TestWhatADeviceIsMadeWith(t *testing.T) {
	onTwoServers(t, func(t *testing.T, d, _ *door) {
		list := d.list(checkin.ListInput{Name: "Door"})
		for what, tt := range map[string]struct {
			in    checkin.DeviceInput
			field string
		}{
			"no name":         {checkin.DeviceInput{}, "name"},
			"a long gate":     {checkin.DeviceInput{Name: "A", Gate: strings.Repeat("a", 61)}, "gate"},
			"no such role":    {checkin.DeviceInput{Name: "A", Role: "owner"}, "role"},
			"no such list":    {checkin.DeviceInput{Name: "A", ListID: "lst_none"}, "list_id"},
			"an end that was": {checkin.DeviceInput{Name: "A", ExpiresAt: start}, "expires_at"},
		} {
			_, _, err := d.CreateDevice(t.Context(), d.event.CommunityID, d.event.ID, tt.in)
			var e *turnout.Error
			if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Name != tt.field {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, _, err := d.CreateDevice(t.Context(), "com_other", d.event.ID, checkin.DeviceInput{Name: "A"}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("of another community: %v", err)
		}
		made, _ := d.device(checkin.DeviceInput{Name: " A ", ListID: list.ID})
		if made.Name != "A" || made.Role != checkin.ScanOnly || made.ListID != list.ID || made.Version != 1 {
			t.Errorf("%+v", made)
		}
		if _, err := d.UpdateDevice(t.Context(), made.CommunityID, made.ID, 7, made.Input()); !errors.Is(err, turnout.ErrStale) {
			t.Errorf("of another version: %v", err)
		}
		for _, err := range []error{second(d.RevokeDevice(t.Context(), "com_other", made.ID)), second(d.FindDevice(t.Context(), "com_other", made.ID)),
			second(d.UpdateDevice(t.Context(), "com_other", made.ID, 0, made.Input()))} {
			if !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("by another community: %v", err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// What opens a device is in the database as a hash alone, whatever happened to it.
func TestNothingThatOpensADeviceIsStored(t *testing.T) {
	onTwoServers(t, func(t *testing.T, d, _ *door) {
		_, opening := d.device(checkin.DeviceInput{})
		held := d.pairs(opening.Pairing, nil)
		var stored string
		for _, table := range []string{"devices", "audit_log", "attempts"} {
			var rows []map[string]any
			if err := d.DB.Read().NewSelect().Table(table).Scan(t.Context(), &rows); err != nil {
				t.Fatal(err)
			}
			stored += fmt.Sprint(rows)
		}
		for what, secret := range map[string]string{"the token": opening.Token, "the code": opening.Pairing, "the phone's token": held} {
			_, random, ok := strings.Cut(secret, ".")
			if !ok || len(random) < 22 {
				t.Fatalf("%s is %q", what, secret)
			}
			if strings.Contains(stored, random) {
				t.Errorf("%s is stored", what)
			}
		}
		if !strings.Contains(stored, "device.paired") {
			t.Error("this test reads nothing")
		}
		for what, wrong := range map[string]string{"cut": held[:len(held)-1], "changed": held[:len(held)-1] + "!", "bare": held[:30], "empty": "", "a point": ".", "long": held + strings.Repeat("a", 9999)} {
			d.works(wrong, checkin.ErrDevice)
			if _, _, err := d.Pair(t.Context(), wrong, "192.0.2.8"); !errors.Is(err, checkin.ErrPairing) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// A hundred wrong codes from one network are enough; another network is served, and right codes count for nothing.
func TestPairingCodesAreNotGuessed(t *testing.T) {
	onTwoServers(t, func(t *testing.T, first, second *door) {
		for range 5 {
			_, opening := first.device(checkin.DeviceInput{})
			first.pairs(opening.Pairing, nil)
		}
		d, opening := first.device(checkin.DeviceInput{})
		dbtest.Together(100, func(i int) {
			if _, _, err := []*door{first, second}[i%2].Pair(t.Context(), string(d.ID)+".guess", "192.0.2.7"); !errors.Is(err, checkin.ErrPairing) {
				t.Error(err)
			}
		})
		second.pairs(opening.Pairing, checkin.ErrPairingTries)
		if _, _, err := second.Pair(t.Context(), opening.Pairing, "192.0.2.9"); err != nil {
			t.Errorf("from another network: %v", err)
		}
		first.clock.Store(int64(16 * time.Minute))
		first.pairs(opening.Pairing, checkin.ErrPairingUsed)
	})
}

// A device is noted as seen at most every half minute, with what it says of itself then; another page is noted at once.
func TestADeviceIsSeen(t *testing.T) {
	onTwoServers(t, func(t *testing.T, d, other *door) {
		made, opening := d.device(checkin.DeviceInput{})
		waiting := func(n int64, page string) checkin.Heartbeat { return checkin.Heartbeat{Queue: &n, Page: page} }
		for _, tt := range []struct {
			after  time.Duration
			says   checkin.Heartbeat
			seen   time.Duration
			queue  int64
			page   string
			before checkin.DeviceState
		}{
			{0, waiting(3, "a"), 0, 3, "a", checkin.DeviceWaiting},
			{29 * time.Second, waiting(4, "a"), 0, 3, "a", checkin.DeviceOnline},
			{30 * time.Second, checkin.Heartbeat{}, 30 * time.Second, 3, "a", checkin.DeviceOnline},
			{31 * time.Second, waiting(6, "b"), 31 * time.Second, 6, "b", checkin.DeviceOnline},
			{32 * time.Second, waiting(7, strings.Repeat("b", 65)), 31 * time.Second, 6, "b", checkin.DeviceOnline},
			{91 * time.Second, waiting(5, ""), 91 * time.Second, 5, "b", checkin.DeviceOnline},
			{152 * time.Second, waiting(-1, "b"), 152 * time.Second, 0, "b", checkin.DeviceOffline},
		} {
			d.clock.Store(int64(tt.after))
			if now, err := d.FindDevice(t.Context(), made.CommunityID, made.ID); err != nil || now.State(d.now()) != tt.before {
				t.Errorf("before %s it is %s, %v; want %s", tt.after, now.State(d.now()), err, tt.before)
			}
			if _, err := other.Authenticate(t.Context(), opening.Token, tt.says); err != nil {
				t.Fatal(err)
			}
			now, err := d.FindDevice(t.Context(), made.CommunityID, made.ID)
			if err != nil || !now.LastSeenAt.Equal(start.Add(tt.seen)) || now.QueueLength != tt.queue || now.PageVersion != tt.page {
				t.Errorf("after %s: %+v, %v", tt.after, now, err)
			}
		}
	})
}

func TestRolesOfDevices(t *testing.T) {
	ranks := []checkin.Role{checkin.ScanOnly, checkin.Searching, checkin.Supervisor}
	if !checkin.Kiosk.Covers(checkin.ScanOnly) || checkin.Kiosk.Covers(checkin.Searching) || checkin.Supervisor.Covers(checkin.Kiosk) {
		t.Error("a kiosk scans, and nothing else")
	}
	for i, has := range ranks {
		for j, need := range ranks {
			if has.Covers(need) != (i >= j) {
				t.Errorf("%s covers %s: %v", has, need, has.Covers(need))
			}
		}
		if has.Covers("") || checkin.Role("").Covers(has) || checkin.Role("owner").Covers(has) {
			t.Errorf("%s and what is no role", has)
		}
	}
}
