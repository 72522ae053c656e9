package community

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"
	"golang.org/x/text/unicode/norm"

	"turnout"
	"turnout/events/people"
	"turnout/internal/database"
)

// PrefixActivity begins the ids of activities.
const PrefixActivity = "act"

// Limits of what is reported.
const (
	MaxActivities = 10_000          // items in one call of RecordActivities
	MaxWeight     = 1_000_000       // of one activity
	clockLeeway   = 5 * time.Minute // how far another server's clock may be ahead
	chunkRows     = 500             // rows in one transaction, so that sales and scans get their turn in between
	fewRows       = 10              // a call as short as this shares its transaction with others
	maxWord       = 64              // characters of a type or a source
	maxExternalID = 200             // characters
)

// ErrTooManyActivities is the answer to a call with more than MaxActivities items.
var ErrTooManyActivities = &turnout.Error{Kind: turnout.Invalid, Code: "too_many_items", Message: "A call takes at most 10000 activities. Send the rest in further calls."}

// Activity is something a person did in the community.
type Activity struct {
	bun.BaseModel `bun:"table:activities,alias:activity"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	PersonID    turnout.ID `bun:"person_id"`
	Type        string     `bun:"type"`        // message, answer, pull_request…: lower case
	Source      string     `bun:"source"`      // slack, github, forum…: lower case
	ExternalID  string     `bun:"external_id"` // the source's own name for it: with community and source it counts once
	Weight      int64      `bun:"weight"`
	OccurredAt  time.Time  `bun:"occurred_at"`
	CreatedAt   time.Time  `bun:"created_at"`
}

// ActivityReport is what a source tells about one activity.
type ActivityReport struct {
	Person     people.Contact // e-mail, identity, or both; the e-mail decides when they belong to different people
	Type       string
	Source     string
	ExternalID string
	OccurredAt time.Time
	Weight     *int64 // nil means 1
}

// Recorded says what became of the items of a call: accepted + duplicates + rejected = items.
type Recorded struct {
	Accepted   int64       `json:"accepted"`
	Duplicates int64       `json:"duplicates"` // known before, or repeated within the call
	Rejected   []Rejection `json:"rejected"`
}

// Rejection is one item that was not taken, by its index in the call. Code is person, email, identity, type, source,
// external_id, occurred_at, in_future or weight.
type Rejection struct {
	Index   int    `json:"index"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// RecordActivities takes activities in; each counts once by its source and external id, however often it is told. People
// are found by e-mail address or identity and made when they are new. Items that cannot be used are rejected one by one.
// More than MaxActivities items are ErrTooManyActivities; database.ErrBusy means that the first chunks of 500 may be in
// and the rest is not: the same call again completes it.
func (s *Service) RecordActivities(ctx context.Context, community turnout.ID, items []ActivityReport) (*Recorded, error) {
	if len(items) > MaxActivities {
		return nil, ErrTooManyActivities
	}
	now := s.now()
	done := &Recorded{Rejected: []Rejection{}}
	told := make(map[activityKey]bool, len(items))
	rows := make([]reported, 0, len(items))
	for i, item := range items {
		row, refusal := item.check(now)
		switch {
		case refusal != nil:
			done.Rejected = append(done.Rejected, Rejection{Index: i, Code: refusal.Code, Message: refusal.Message})
		case told[row.key()]:
			done.Duplicates++
		default:
			told[row.key()] = true
			rows = append(rows, row)
		}
	}
	for len(rows) > 0 {
		n := min(len(rows), chunkRows)
		work := recordMany
		if n <= fewRows {
			work = recordFew
		}
		accepted, err := database.Submit(ctx, s.DB, work, chunk{community, now, rows[:n]})
		if err != nil {
			return nil, err
		}
		done.Accepted += accepted
		done.Duplicates += int64(n) - accepted
		rows = rows[n:]
	}
	return done, nil
}

// activityKey is what an activity of a community counts once by.
type activityKey struct{ source, externalID string }

// reported is a checked report.
type reported struct {
	contact people.Contact
	Activity
}

func (r *reported) key() activityKey { return activityKey{r.Source, r.ExternalID} }

// check gives the report in the spelling that is stored, or the reason why it cannot be taken.
func (r *ActivityReport) check(now time.Time) (reported, *turnout.Error) {
	refuse := func(code, message string) (reported, *turnout.Error) {
		return reported{}, &turnout.Error{Kind: turnout.Invalid, Code: code, Message: message}
	}
	kind, source := fold(r.Type), fold(r.Source)
	externalID := norm.NFC.String(strings.TrimSpace(r.ExternalID))
	weight := int64(1)
	if r.Weight != nil {
		weight = *r.Weight
	}
	switch {
	case !fits(kind, maxWord):
		return refuse("type", "The type says in up to 64 letters what was done: message, answer, pull_request.")
	case !fits(source, maxWord):
		return refuse("source", "The source says in up to 64 letters where it was done: slack, github, forum.")
	case !fits(externalID, maxExternalID):
		return refuse("external_id", "The external id is the source's own name for the activity, up to 200 letters.")
	case r.OccurredAt.Year() < 1970:
		return refuse("occurred_at", "The time at which it happened is needed.")
	case r.OccurredAt.After(now.Add(clockLeeway)):
		return refuse("in_future", "The time at which it happened is still to come.")
	case weight < 0 || weight > MaxWeight:
		return refuse("weight", "The weight is a number from 0 to 1000000.")
	}
	if err := checkContact(r.Person); err != nil {
		return reported{}, err
	}
	return reported{contact: r.Person, Activity: Activity{
		Type: kind, Source: source, ExternalID: externalID, Weight: weight,
		OccurredAt: r.OccurredAt.UTC().Truncate(time.Microsecond),
	}}, nil
}

// checkContact asks beforehand what people.Ensure asks, so that one unusable person does not stop a chunk.
func checkContact(c people.Contact) *turnout.Error {
	bare := strings.TrimPrefix(strings.TrimSpace(c.Handle), "@")
	switch {
	case c.Email == "" && c.Handle == "" && c.Source == "":
		return &turnout.Error{Kind: turnout.Invalid, Code: "person", Message: "Whose activity it is needs an e-mail address or an identity."}
	case (c.Handle != "" || c.Source != "") && (!fits(fold(c.Source), maxWord) || !fits(bare, maxExternalID)):
		return &turnout.Error{Kind: turnout.Invalid, Code: "identity", Message: "An identity needs a source and a handle."}
	}
	emails := []string{c.Email}
	if fold(c.Source) == people.SourceEmail {
		emails = append(emails, c.Handle)
	}
	for _, email := range emails {
		if email == "" {
			continue
		}
		if _, err := people.NormaliseEmail(email); err != nil {
			return people.ErrEmail
		}
	}
	return nil
}

// fold is the spelling under which types and sources are stored and compared.
func fold(text string) string { return norm.NFC.String(strings.ToLower(strings.TrimSpace(text))) }

// fits reports whether text is there, short enough, valid UTF-8 and without control characters.
func fits(text string, longest int) bool {
	return text != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= longest && !strings.ContainsFunc(text, unicode.IsControl)
}

// fingerprint makes an external id of what is told, for sources that give none: the same again is the same activity.
func (r *ActivityReport) fingerprint() string {
	h := sha256.New()
	for _, part := range []string{fold(r.Person.Email), fold(r.Person.Source), fold(r.Person.Handle), fold(r.Type), r.OccurredAt.UTC().Format(time.RFC3339Nano)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return "row-" + hex.EncodeToString(h.Sum(nil)[:16])
}
