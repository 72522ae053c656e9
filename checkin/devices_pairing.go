package checkin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/organisers"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// What devices are told.
var (
	ErrDevice        = &turnout.Error{Kind: turnout.Unauthenticated, Code: "device_ended", Message: "This device is not paired any more: it was revoked, its time is over, or another phone was paired in its place. Ask an organiser for a new code and pair it again."}
	ErrPairing       = &turnout.Error{Kind: turnout.Invalid, Code: "pairing_unknown", Message: "This pairing code is not known, or a newer one was made. Ask an organiser to show the newest one."}
	ErrPairingUsed   = &turnout.Error{Kind: turnout.Conflict, Code: "pairing_used", Message: "Another phone was paired with this code, and a code pairs one phone. Ask an organiser to add a device for this phone, or to pair this device again."}
	ErrPairingOld    = &turnout.Error{Kind: turnout.Conflict, Code: "pairing_expired", Message: "This pairing code is more than a day old. Ask an organiser to make a new one."}
	ErrPairingTries  = &turnout.Error{Kind: turnout.TooMany, Code: "too_many_attempts", Message: "That was tried too often. Wait a quarter of an hour."}
	ErrDeviceExpired = &turnout.Error{Kind: turnout.Conflict, Code: "device_expired", Message: "The time of this device is over. Give it a later end first, then pair it again."}
)

// How many wrong pairing codes one network may try in a while.
const (
	pairingTriesLimit = 100
	pairingTriesIn    = 15 * time.Minute
)

// Opening is what opens a device, known to whoever made it and stored nowhere.
type Opening struct {
	Token   string // for a machine, as a bearer token; a phone that takes the pairing code ends it
	Pairing string // for a phone: works once, for a day
	Until   time.Time
}

// PairingPath is the page that a pairing code opens.
const PairingPath = "/pair"

// PairingURL is what a phone opens to be paired. The code stands in its fragment, which no browser sends: no log holds it.
func PairingURL(base, pairing string) string { return base + PairingPath + "#" + pairing }

// What opens a device is its id, a point and a random part: 256 bits of it in a token, 132 in a pairing code, which has to stay small in
// a QR.
const pairingLetters = 22

func newDeviceSecret(id turnout.ID) (secret, hash string) {
	secret = string(id) + "." + organisers.NewSecret()
	return secret, organisers.Digest(secret)
}

// IsDeviceSecret reports whether a bearer token is a device's.
func IsDeviceSecret(secret string) bool { return deviceOf(secret) != "" }

// deviceOf is the device that a secret names, "" for none.
func deviceOf(secret string) turnout.ID {
	id, _, _ := strings.Cut(secret, ".")
	if len(secret) > 200 || !turnout.ID(id).Is(prefixDevice) {
		return ""
	}
	return turnout.ID(id)
}

// opens compares in constant time.
func opens(secret, hash string) bool {
	return hash != "" && subtle.ConstantTimeCompare([]byte(organisers.Digest(secret)), []byte(hash)) == 1
}

// open gives the device a new token and a new pairing code.
func (d *Device) open(now time.Time) Opening {
	o := Opening{Until: now.Add(pairingLife)}
	if end := d.Until(); end.Before(o.Until) {
		o.Until = end
	}
	o.Token, d.TokenHash = newDeviceSecret(d.ID)
	o.Pairing = string(d.ID) + "." + organisers.NewSecret()[:pairingLetters]
	d.PairingHash, d.PairingExpiresAt = organisers.Digest(o.Pairing), o.Until
	d.PairedAt, d.LastSeenAt, d.QueueLength, d.PageVersion = time.Time{}, time.Time{}, 0, ""
	return o
}

// close takes the device everything that opens it.
func (d *Device) close(now time.Time) {
	d.TokenHash, d.PairingHash, d.QueueLength = "", "", 0
	d.Version, d.UpdatedAt = d.Version+1, now
}

// Pair gives the phone that shows a pairing code its token, and ends the one that was shown with the code. Of many phones with one
// code, one gets it. It fails with ErrPairing, ErrPairingUsed, ErrPairingOld, and with ErrPairingTries when one network, from is an
// address of it, tried too many wrong codes.
func (s *Service) Pair(ctx context.Context, secret, from string) (*Device, string, error) {
	// Counted before it is looked at, so that a hundred at once do not slip through together; a right one is taken back.
	tries := "pairing from " + organisers.Network(from).String()
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := organisers.Tried(ctx, tx, tries, s.Now(), pairingTriesIn)
		if err == nil && n > pairingTriesLimit {
			err = ErrPairingTries
		}
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("checkin: pair: %w", err)
	}
	var d *Device
	var token string
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		if d, token, err = s.pair(ctx, tx, secret); err != nil {
			return err
		}
		_, err = organisers.Spent(ctx, tx, tries, -1, s.Now(), pairingTriesIn)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("checkin: pair: %w", err)
	}
	return d, token, nil
}

func (s *Service) pair(ctx context.Context, tx bun.IDB, secret string) (*Device, string, error) {
	now := s.Now()
	d, err := findDevice(ctx, tx, deviceOf(secret))
	switch {
	case errors.Is(err, turnout.ErrNotFound):
		return nil, "", ErrPairing
	case err != nil:
		return nil, "", err
	case !opens(secret, d.PairingHash):
		return nil, "", ErrPairing
	case !d.PairedAt.IsZero():
		return nil, "", ErrPairingUsed
	case d.ended(now) || !now.Before(d.PairingExpiresAt):
		return nil, "", ErrPairingOld
	}
	token, hash := newDeviceSecret(d.ID)
	d.TokenHash, d.PairedAt, d.LastSeenAt = hash, now, now // no new version: nothing that organisers edit
	n, err := database.Changed(tx.NewUpdate().Model(d).Column("token_hash", "paired_at", "last_seen_at").WherePK().
		Where("pairing_hash = ?", d.PairingHash).Where("paired_at IS NULL").Where("revoked_at IS NULL").Exec(ctx))
	if err == nil && n == 0 {
		err = database.ErrAgain // another phone, or an organiser, was faster: look again
	}
	if err == nil {
		err = audit.Write(ctx, tx, audit.Entry{Community: d.CommunityID, Action: "device.paired", Subject: d.ID, At: now, Actor: audit.Actor{Kind: audit.Device, ID: d.ID}})
	}
	return d, token, err
}

// Heartbeat is what a device says of itself with a request.
type Heartbeat struct {
	Queue *int64 // scans that wait on it, nil when it did not say
	Page  string // version of its door page, "" when it did not say
}

// newPage reports whether the device shows another page than it said before: once in a while, and worth knowing at once.
func (seen Heartbeat) newPage(d *Device) bool {
	return seen.Page != "" && len(seen.Page) <= 64 && seen.Page != d.PageVersion
}

// Authenticate gives the device of a token and notes, at most every 30 seconds or when it shows another page, that it was seen. It fails with ErrDevice. Nothing
// of it is remembered, so a device that was revoked anywhere is refused at its next request.
func (s *Service) Authenticate(ctx context.Context, secret string, seen Heartbeat) (*Device, error) {
	id := deviceOf(secret)
	if id == "" {
		return nil, ErrDevice
	}
	d, err := findDevice(ctx, s.DB.Read(), id)
	now := s.Now()
	switch {
	case err == nil && opens(secret, d.TokenHash) && !d.ended(now):
	case err == nil, errors.Is(err, turnout.ErrNotFound):
		return nil, ErrDevice
	default:
		return nil, fmt.Errorf("checkin: device: %w", err)
	}
	if seen.newPage(d) || !d.LastSeenAt.After(now.Add(-seenEvery)) {
		if err := s.note(ctx, d, seen, now); err != nil { // what it came for is worth more
			slog.WarnContext(ctx, "device seen", "device", d.ID, "error", err)
		}
	}
	return d, nil
}

func (s *Service) note(ctx context.Context, d *Device, seen Heartbeat, now time.Time) error {
	fresh := seen.newPage(d)
	d.LastSeenAt = now
	if seen.Queue != nil {
		d.QueueLength = min(max(*seen.Queue, 0), 1_000_000)
	}
	if fresh {
		d.PageVersion = seen.Page
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model(d).Column("last_seen_at", "queue_length", "page_version").WherePK().Where("token_hash = ?", d.TokenHash).
			Where("last_seen_at IS NULL OR last_seen_at <= ? OR page_version <> ?", now.Add(-seenEvery), d.PageVersion).Exec(ctx)
		return err
	})
}
