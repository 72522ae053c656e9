// Package people knows the persons of a community and their identities. Whoever buys, attends, speaks or works carries a
// person_id; the same e-mail address, or the same handle at the same source, is the same person.
//
// It stands before organisers and events in the corridor, because staff carry a person_id too. It also holds the search as
// you type (search.go), because what is searched for is people.
package people

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/text/unicode/norm"

	"turnout"
	"turnout/internal/database"
)

// Prefixes of the ids.
const (
	PrefixPerson   = "per"
	PrefixIdentity = "idn"
)

// SourceEmail is the source of identities that are e-mail addresses.
const SourceEmail = "email"

// Person is someone whom the community knows.
type Person struct {
	bun.BaseModel `bun:"table:persons,alias:person"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	Name        string     `bun:"name"` // empty until somebody says it
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`
}

// Identity is a handle of a person: an e-mail address, a Slack member id, a GitHub login. A handle belongs to one person
// of a community.
type Identity struct {
	bun.BaseModel `bun:"table:identities,alias:identity"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	PersonID    turnout.ID `bun:"person_id"`
	Source      string     `bun:"source"` // email, slack, discord, github, forum…
	Handle      string     `bun:"handle"` // normalised
	CreatedAt   time.Time  `bun:"created_at"`
}

// Contact is what is told about somebody: a name, perhaps empty, and an e-mail address, a handle at a source, or both.
type Contact struct {
	Name   string
	Email  string
	Source string
	Handle string
}

// handle is what makes two contacts the same person.
type handle struct{ source, name string }

// handles gives the contact's handles, normalised: the e-mail address first, for when the two belong to different people it decides.
func (c Contact) handles() ([]handle, error) {
	var all []handle
	if c.Email != "" {
		email, err := NormaliseEmail(c.Email)
		if err != nil {
			return nil, err
		}
		all = append(all, handle{SourceEmail, email})
	}
	if c.Handle != "" || c.Source != "" {
		h := handle{normaliseHandle(c.Source), normaliseHandle(c.Handle)}
		if h.source == SourceEmail {
			email, err := NormaliseEmail(c.Handle)
			if err != nil {
				return nil, err
			}
			h.name = email
		}
		if h.source == "" || h.name == "" {
			return nil, turnout.Invalidf("identity", "identity", "An identity needs a source and a handle.")
		}
		all = append(all, h)
	}
	if len(all) == 0 {
		return nil, turnout.Invalidf("email", "required", "A person needs an e-mail address or an identity.")
	}
	return all, nil
}

// normaliseHandle drops space and a leading @ and folds case: no service that people name each other by tells A from a.
func normaliseHandle(text string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimPrefix(strings.TrimSpace(text), "@"))))
}

// Ensure gives the person of each contact, in order, and makes those whom the community does not know yet. A name that is
// told fills an empty one and changes no other. It runs in the caller's transaction, for hundreds of contacts in a handful
// of statements. When another transaction makes the same person at the same moment, it waits for that one and takes its
// person. A contact that cannot be used is an Invalid error that names it by its index.
func Ensure(ctx context.Context, db bun.IDB, community turnout.ID, now time.Time, contacts []Contact) ([]turnout.ID, error) {
	wanted := make([][]handle, len(contacts))
	for i, c := range contacts {
		var err error
		if wanted[i], err = c.handles(); err != nil {
			return nil, fmt.Errorf("people: contact %d: %w", i, err)
		}
	}
	known, err := identified(ctx, db, community, wanted)
	if err != nil {
		return nil, fmt.Errorf("people: ensure: %w", err)
	}
	persons, identities := missing(community, now, contacts, wanted, known)
	if len(identities) > 0 {
		all, err := insert(ctx, db, persons, identities)
		if err != nil {
			return nil, fmt.Errorf("people: ensure: %w", err)
		}
		if !all { // another transaction made some of them first
			if known, err = identified(ctx, db, community, wanted); err != nil {
				return nil, fmt.Errorf("people: ensure: %w", err)
			}
			if err := dropUnused(ctx, db, community, persons, known); err != nil {
				return nil, fmt.Errorf("people: ensure: %w", err)
			}
		}
	}
	ids := make([]turnout.ID, len(contacts))
	names := map[turnout.ID]string{}
	for i, c := range contacts {
		found := known[wanted[i][0]]
		ids[i] = found.person
		if found.name == "" && c.Name != "" && names[found.person] == "" {
			names[found.person] = c.Name
		}
	}
	if err := fillNames(ctx, db, community, now, names); err != nil {
		return nil, fmt.Errorf("people: ensure: %w", err)
	}
	return ids, nil
}

// WithoutIdentity makes a person of whom only a name is known: nobody else is ever taken for them, and what they do later cannot be
// told to be theirs.
func WithoutIdentity(ctx context.Context, db bun.IDB, community turnout.ID, now time.Time, name string) (turnout.ID, error) {
	p := &Person{ID: turnout.NewID(PrefixPerson), CommunityID: community, Name: name, CreatedAt: now, UpdatedAt: now}
	if _, err := db.NewInsert().Model(p).Exec(ctx); err != nil {
		return "", fmt.Errorf("people: without identity: %w", err)
	}
	return p.ID, nil
}

// Members says which of the e-mail addresses, normalised, are those of the community's members.
func Members(ctx context.Context, db bun.IDB, community turnout.ID, emails []string) (map[string]bool, error) {
	var found []string
	err := db.NewSelect().Model((*Identity)(nil)).Column("identity.handle").Join("JOIN persons AS person ON person.id = identity.person_id").
		Where("identity.community_id = ?", community).Where("identity.source = ?", SourceEmail).Where("identity.handle IN (?)", bun.List(emails)).
		Where("person.member_since IS NOT NULL").Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("people: members: %w", err)
	}
	members := map[string]bool{}
	for _, email := range found {
		members[email] = true
	}
	return members, nil
}

// owner is the person behind a handle.
type owner struct {
	person turnout.ID
	name   string
}

// identified reads who is behind the handles, in one statement.
func identified(ctx context.Context, db bun.IDB, community turnout.ID, wanted [][]handle) (map[handle]owner, error) {
	bySource := map[string][]string{}
	for _, h := range slices.Concat(wanted...) {
		bySource[h.source] = append(bySource[h.source], h.name)
	}
	known := map[handle]owner{}
	if len(bySource) == 0 {
		return known, nil
	}
	var rows []struct {
		Source, Handle, Name string
		PersonID             turnout.ID
	}
	q := db.NewSelect().TableExpr("identities AS identity").Join("JOIN persons AS person ON person.id = identity.person_id").
		ColumnExpr("identity.source, identity.handle, identity.person_id, person.name").
		Where("identity.community_id = ?", community).
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, source := range slices.Sorted(maps.Keys(bySource)) {
				names := bySource[source]
				slices.Sort(names)
				q = q.WhereOr("identity.source = ? AND identity.handle IN (?)", source, bun.List(slices.Compact(names)))
			}
			return q
		})
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, err
	}
	for _, r := range rows {
		known[handle{r.Source, r.Handle}] = owner{r.PersonID, r.Name}
	}
	return known, nil
}

// missing makes the rows for handles that nobody has yet: of the person who has the contact's other handle, else of a new
// one. It notes them in known, so that a handle told twice is one person.
func missing(community turnout.ID, now time.Time, contacts []Contact, wanted [][]handle, known map[handle]owner) ([]*Person, []*Identity) {
	var persons []*Person
	var identities []*Identity
	for i, c := range contacts {
		var who owner
		for _, h := range wanted[i] {
			if who.person == "" {
				who = known[h]
			}
		}
		if who.person == "" {
			who = owner{turnout.NewID(PrefixPerson), c.Name}
			persons = append(persons, &Person{ID: who.person, CommunityID: community, Name: c.Name, CreatedAt: now, UpdatedAt: now})
		}
		for _, h := range wanted[i] {
			if _, there := known[h]; !there {
				known[h] = who
				identities = append(identities, &Identity{ID: turnout.NewID(PrefixIdentity), CommunityID: community,
					PersonID: who.person, Source: h.source, Handle: h.name, CreatedAt: now})
			}
		}
	}
	return persons, identities
}

// insert writes the persons, and the identities that nobody else wrote meanwhile; all says that nobody did.
func insert(ctx context.Context, db bun.IDB, persons []*Person, identities []*Identity) (all bool, err error) {
	if len(persons) > 0 {
		if _, err := db.NewInsert().Model(&persons).Exec(ctx); err != nil {
			return false, err
		}
	}
	// In one order everywhere: two transactions that make the same people wait for each other, never both at once.
	slices.SortFunc(identities, func(a, b *Identity) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Handle, b.Handle))
	})
	written, err := database.Changed(db.NewInsert().Model(&identities).On("CONFLICT (handle, source, community_id) DO NOTHING").Exec(ctx))
	return written == int64(len(identities)), err
}

// dropUnused removes the persons whom another transaction made first under the same handles.
func dropUnused(ctx context.Context, db bun.IDB, community turnout.ID, made []*Person, known map[handle]owner) error {
	used := map[turnout.ID]bool{}
	for _, who := range known {
		used[who.person] = true
	}
	var unused []turnout.ID
	for _, p := range made {
		if !used[p.ID] {
			unused = append(unused, p.ID)
		}
	}
	if len(unused) == 0 {
		return nil
	}
	_, err := db.NewDelete().Model((*Person)(nil)).Where("community_id = ?", community).Where("id IN (?)", bun.List(unused)).Exec(ctx)
	return err
}

// fillNames writes the names that were empty until now, in one statement.
func fillNames(ctx context.Context, db bun.IDB, community turnout.ID, now time.Time, names map[turnout.ID]string) error {
	if len(names) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(names))
	set, args := strings.Builder{}, []any{}
	for _, id := range ids {
		set.WriteString(" WHEN ? THEN ?")
		args = append(args, id, names[id])
	}
	_, err := db.NewUpdate().Model((*Person)(nil)).Set("name = CASE id"+set.String()+" ELSE name END", args...).Set("updated_at = ?", now).
		Where("community_id = ?", community).Where("id IN (?)", bun.List(ids)).Where("name = ''").Exec(ctx)
	return err
}

// Email gives an e-mail address of a person of the community, "" for none.
func Email(ctx context.Context, db bun.IDB, community, person turnout.ID) (string, error) {
	var email string
	err := db.NewSelect().Model((*Identity)(nil)).Column("handle").Where("community_id = ?", community).Where("person_id = ?", person).
		Where("source = ?", SourceEmail).Order("handle").Limit(1).Scan(ctx, &email)
	if err != nil && !database.IsNoRows(err) {
		return "", fmt.Errorf("people: email: %w", err)
	}
	return email, nil
}

// Find gives a person of the community; unknown ids and those of other communities are turnout.ErrNotFound.
func Find(ctx context.Context, db bun.IDB, community, id turnout.ID) (*Person, error) {
	person := new(Person)
	err := db.NewSelect().Model(person).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx)
	if err != nil {
		return nil, database.NotFound(err)
	}
	return person, nil
}
