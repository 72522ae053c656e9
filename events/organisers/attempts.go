package organisers

import (
	"context"
	"net/netip"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// ErrTooManyAttempts is the answer when too much was guessed.
var ErrTooManyAttempts = &turnout.Error{Kind: turnout.TooMany, Code: "too_many_attempts", Message: "That was tried too often. Wait a quarter of an hour, or reset the password."}

// guess is something that can be tried only so often in a while.
type guess struct {
	bucket string // what and for whom, hashed: no address stands in the table
	limit  int64
	within time.Duration
}

// Limits of guessing. An address may be a whole office; an account is one person, whom a stranger must not shut out for long.
func signInAccount(email string) guess {
	return guess{Digest("sign-in " + email), 20, 15 * time.Minute}
}
func signInAddress(addr string) guess {
	return guess{Digest("address " + Network(addr).String()), 100, 15 * time.Minute}
}
func resetAccount(email string) guess { return guess{Digest("reset " + email), 3, time.Hour} }
func resetAddress(addr string) guess {
	return guess{Digest("reset from " + Network(addr).String()), 30, time.Hour}
}

// Network is what counts as one client wherever clients are counted: an IPv4 address, or the /64 of an IPv6 address, in which a
// household has as many addresses as it likes. Addresses that cannot be read are one client, the zero Prefix.
func Network(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits) // the lengths fit
	return prefix
}

// count notes one try of each and fails with ErrTooManyAttempts when one of them was tried too often. It is called before the
// guess is looked at, so that a hundred guesses at once do not slip through together.
func (s *Service) count(ctx context.Context, guesses ...guess) error {
	now := s.now()
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, g := range guesses {
			tries, err := tried(ctx, tx, g.bucket, 1, now, g.within)
			if err != nil {
				return err
			}
			if tries > g.limit {
				return ErrTooManyAttempts
			}
		}
		return nil
	})
}

// Tried notes that something was tried for somebody, and gives how often that was in the while that began with the first try.
// Only a hash of what and whom is kept.
func Tried(ctx context.Context, tx bun.IDB, what string, now time.Time, within time.Duration) (int64, error) {
	return tried(ctx, tx, Digest(what), 1, now, within)
}

// mailsAgain is how many mails anybody can have sent to somebody within mailsAgainFor.
const (
	mailsAgain    = 3
	mailsAgainFor = time.Hour
)

// MayMailAgain counts mails that a stranger can cause, and says whether one more may go out: nobody's mailbox is to be filled by them.
func MayMailAgain(ctx context.Context, tx bun.IDB, what string, now time.Time) (bool, error) {
	tries, err := Tried(ctx, tx, "mail again: "+what, now, mailsAgainFor)
	return tries <= mailsAgain, err
}

// Spent is Tried for what is counted by the amount: bytes.
func Spent(ctx context.Context, tx bun.IDB, what string, amount int64, now time.Time, within time.Duration) (int64, error) {
	return tried(ctx, tx, Digest(what), amount, now, within)
}

// Tries gives how often something was tried for somebody, as Tried counts it.
func Tries(ctx context.Context, db bun.IDB, what string, now time.Time) (tries int64, err error) {
	err = db.NewRaw("SELECT COALESCE(MAX(count), 0) FROM attempts WHERE bucket = ? AND expires_at > ?", Digest(what), now).Scan(ctx, &tries)
	return tries, err
}

func tried(ctx context.Context, tx bun.IDB, bucket string, n int64, now time.Time, within time.Duration) (tries int64, err error) {
	err = tx.NewRaw(`INSERT INTO attempts (bucket, count, expires_at) VALUES (?0, ?3, ?2) ON CONFLICT (bucket) DO UPDATE SET
		count = CASE WHEN attempts.expires_at <= ?1 THEN ?3 ELSE attempts.count + ?3 END,
		expires_at = CASE WHEN attempts.expires_at <= ?1 THEN ?2 ELSE attempts.expires_at END RETURNING count`,
		bucket, now, now.Add(within), n).Scan(ctx, &tries)
	return tries, err
}

// forgive takes back what was counted for a guess that was right.
func forgive(ctx context.Context, tx bun.Tx, account, address guess) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM attempts WHERE bucket = ?", account.bucket); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE attempts SET count = count - 1 WHERE bucket = ? AND count > 0", address.bucket)
	return err
}
