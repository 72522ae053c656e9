package agenda

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda/exchange"
	"turnout/events/organisers"
	"turnout/events/speakers"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/internal/mail"
)

// PauseBeforeNews is how long a release waits before anybody is told of it: what is taken back meanwhile nobody hears of, and of what is mended by another release everybody hears once.
const PauseBeforeNews = 10 * time.Minute

// JobNews tells those concerned what releases changed.
const JobNews = "agenda.news"

// Plan is what somebody intends to go to: the sessions that they marked or signed up for.
type Plan struct {
	ID       turnout.ID   // of an itinerary or of a ticket
	Sessions []turnout.ID // ids of sessions
	SignedUp bool         // they have places there, or wait for them; otherwise they only marked them
	Email    string       // "": they cannot be told
	Name     string       // may be empty
	Locale   string       // of the mail; "": the community's
	URL      string       // where they see their plan
	StopURL  string       // where they stop these mails; "" where they cannot
}

// Plans lists who planned for sessions of an event. Packages above hand theirs in.
type Plans func(ctx context.Context, db bun.IDB, e *events.Event) ([]Plan, error)

// News is what releases change for one person.
type News struct {
	Speaker *speakers.Speaker // nil for a plan
	Plan    *Plan             // nil for a speaker
	Items   []NewsItem        // in order of time
	Clashes int               // pairs of sessions of a plan that overlap now and did not before
}

// NewsItem is what became different of one session. Was or Is is nil where it is not in the schedule, or where it is not the person's.
type NewsItem struct {
	What    []string // as ChangedItem's
	Was, Is *NewsSession
}

// NewsSession is a session as it is, or was, public.
type NewsSession struct {
	GUID, Title, Room string
	StartsAt, EndsAt  time.Time // UTC
}

// Title is what the session is called now, or was.
func (n NewsItem) Title() string {
	if n.Is != nil {
		return n.Is.Title
	}
	return n.Was.Title
}

// newsState is how far those concerned were told of an event's releases.
type newsState struct {
	bun.BaseModel `bun:"table:schedule_news"`

	EventID     turnout.ID `bun:"event_id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	Told        int64      `bun:"told"`            // number of a release
	DueAt       time.Time  `bun:"due_at,nullzero"` // zero: nothing waits
}

// planNews has a release told of after the pause; a quiet one only together with what waits already.
func (s *Service) planNews(ctx context.Context, tx bun.Tx, r *Release, quiet bool) error {
	state := &newsState{EventID: r.EventID, CommunityID: r.CommunityID}
	if _, err := tx.NewInsert().Model(state).On("CONFLICT (event_id) DO NOTHING").Exec(ctx); err != nil {
		return err
	}
	if quiet {
		_, err := tx.NewUpdate().Model(state).Set("told = ?", r.Number).WherePK().Where("due_at IS NULL").Exec(ctx)
		return err
	}
	due := r.CreatedAt.Add(PauseBeforeNews)
	if _, err := tx.NewUpdate().Model(state).Set("due_at = ?", due).WherePK().Exec(ctx); err != nil {
		return err
	}
	return jobs.Enqueue(ctx, tx, r.CommunityID, JobNews, newsJob{r.EventID}, due)
}

type newsJob struct {
	Event turnout.ID `json:"event"`
}

// Register has the runner do the work that follows a release.
func (s *Service) Register(r *jobs.Runner) {
	r.Handle(JobNews, s.tellNews)
	r.Every("agenda.forget_addresses", time.Hour, s.forgetAddresses)
}

// tellNews queues a mail to each whom the releases since the last that was told of concern, all of them or none.
func (s *Service) tellNews(ctx context.Context, job jobs.Job) error {
	var what newsJob
	if err := job.Read(&what); err != nil {
		return err
	}
	e, err := events.Find(ctx, s.DB.Read(), job.Community, string(what.Event))
	if err != nil {
		return err
	}
	for {
		state, err := readNewsState(ctx, s.DB.Read(), e)
		if err != nil || state.DueAt.IsZero() || s.now().Before(state.DueAt) { // told already, or a later release has its own job
			return err
		}
		letters, number, err := s.newsLetters(ctx, e, state.Told)
		if err != nil {
			return err
		}
		if done, err := s.queueNews(ctx, e, state, letters, number); err != nil || done {
			return err
		}
	}
}

// queueNews stores the mails, unless another release came or somebody else told of it meanwhile.
func (s *Service) queueNews(ctx context.Context, e *events.Event, seen *newsState, letters []mail.Message, number int64) (done bool, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := database.Changed(tx.NewUpdate().Model(seen).Set("told = ?", number).Set("due_at = NULL").WherePK().Where("told = ?", seen.Told).Where("due_at = ?", seen.DueAt).Exec(ctx))
		if err != nil || n == 0 {
			return err
		}
		done = true
		return mail.QueueAll(ctx, tx, e.CommunityID, letters, s.now())
	})
	return done, err
}

func readNewsState(ctx context.Context, db bun.IDB, e *events.Event) (*newsState, error) {
	state := new(newsState)
	err := db.NewSelect().Model(state).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Scan(ctx)
	if database.IsNoRows(err) {
		return state, nil
	}
	return state, err
}

// releasedAs gives the schedule that a release made public, an empty one for number 0.
func releasedAs(ctx context.Context, db bun.IDB, e *events.Event, number int64) (*exchange.Schedule, error) {
	r := new(release)
	err := db.NewSelect().Model(r).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Where("number = ?", number).Scan(ctx)
	if database.IsNoRows(err) {
		return new(exchange.Schedule), nil
	}
	return r.Schedule, err
}

// newsLetters writes the mails about all that changed since a release, and gives the number of the one that is public.
func (s *Service) newsLetters(ctx context.Context, e *events.Event, told int64) ([]mail.Message, int64, error) {
	db := s.DB.Read()
	before, err := releasedAs(ctx, db, e, told)
	if err != nil {
		return nil, 0, err
	}
	latest := new(Release)
	if err := db.NewSelect().Model(latest).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).OrderExpr("number DESC").Limit(1).Scan(ctx); err != nil {
		return nil, 0, err
	}
	after, err := releasedAs(ctx, db, e, latest.Number)
	if err != nil {
		return nil, 0, err
	}
	news, err := s.newsBetween(ctx, db, e, before, after)
	if err != nil {
		return nil, 0, err
	}
	community, err := organisers.FindCommunity(ctx, db, string(e.CommunityID))
	if err != nil {
		return nil, 0, err
	}
	var letters []mail.Message
	for _, n := range news {
		if n.Email() == "" || len(n.Items) == 0 {
			continue
		}
		letter, err := s.newsLetter(e, community, n)
		if err != nil {
			return nil, 0, err
		}
		letters = append(letters, letter)
	}
	return letters, latest.Number, nil
}

// ReleaseNews gives what a release would change for whom, compared with what they were told last: speakers first, then plans. Those are named also who cannot be told.
func (s *Service) ReleaseNews(ctx context.Context, e *events.Event, p *ReleasePreview) ([]News, error) {
	db := s.DB.Read()
	state, err := readNewsState(ctx, db, e)
	if err != nil {
		return nil, err
	}
	told, err := releasedAs(ctx, db, e, state.Told)
	if err != nil {
		return nil, err
	}
	return s.newsBetween(ctx, db, e, told, p.After)
}

// NewsDue is when those concerned are told of the latest releases, zero when nothing waits.
func (s *Service) NewsDue(ctx context.Context, e *events.Event) (time.Time, error) {
	state, err := readNewsState(ctx, s.DB.Read(), e)
	return state.DueAt, err
}

// newsBetween gives what is different between two schedules for speakers, then for those who planned, also for whom it is nothing but a clash. Its size follows what changed.
func (s *Service) newsBetween(ctx context.Context, db bun.IDB, e *events.Event, before, after *exchange.Schedule) ([]News, error) {
	all, err := speakers.ByEvent(ctx, db, e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	was, is := newsSide(before), newsSide(after)
	var news []News
	for _, speaker := range all {
		key := string(speaker.ID)
		if items := newsItems(was, is, was.bySpeaker[key], is.bySpeaker[key]); len(items) > 0 {
			news = append(news, News{Speaker: speaker, Items: items})
		}
	}
	if len(before.Sessions) == 0 {
		return news, nil
	}
	guids, err := guidsOf(ctx, db, e)
	if err != nil {
		return nil, err
	}
	for _, plans := range append([]Plans{s.itineraryPlans}, s.Plans...) {
		list, err := plans(ctx, db, e)
		if err != nil {
			return nil, err
		}
		for i := range list {
			keys := make([]string, 0, len(list[i].Sessions))
			for _, id := range list[i].Sessions {
				if guid, ok := guids[id]; ok {
					keys = append(keys, guid)
				}
			}
			n := News{Plan: &list[i], Items: newsItems(was, is, keys, keys), Clashes: max(0, is.clashes(keys)-was.clashes(keys))}
			if len(n.Items) > 0 || n.Clashes > 0 {
				news = append(news, n)
			}
		}
	}
	return news, nil
}

func guidsOf(ctx context.Context, db bun.IDB, e *events.Event) (map[turnout.ID]string, error) {
	var rows []*Session
	err := db.NewSelect().Model(&rows).Column("id", "guid").Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID).Scan(ctx)
	guids := make(map[turnout.ID]string, len(rows))
	for _, r := range rows {
		guids[r.ID] = r.GUID
	}
	return guids, err
}

// side is a schedule as news are read from it.
type side struct {
	sessions  map[string]exchange.Session
	bySpeaker map[string][]string // keys of sessions, in order of time
	rooms     map[string]string   // names
}

func newsSide(s *exchange.Schedule) side {
	out := side{byKeys(s), map[string][]string{}, s.RoomNames()}
	for _, x := range s.Sessions {
		for _, speaker := range x.Speakers {
			out.bySpeaker[speaker] = append(out.bySpeaker[speaker], x.Key)
		}
	}
	return out
}

func byKeys(s *exchange.Schedule) map[string]exchange.Session {
	out := make(map[string]exchange.Session, len(s.Sessions))
	for _, x := range s.Sessions {
		out[x.Key] = x
	}
	return out
}

func (s side) session(key string) *NewsSession {
	x := s.sessions[key]
	return &NewsSession{x.Key, x.Title, s.rooms[x.Room], x.Start, x.End()}
}

// newsItems compares a person's sessions of then with those of now. Who else speaks there is no news.
func newsItems(was, is side, then, now []string) []NewsItem {
	var items []NewsItem
	for _, key := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(then, now)))) {
		old, had := was.sessions[key]
		had = had && slices.Contains(then, key)
		fresh, has := is.sessions[key]
		has = has && slices.Contains(now, key)
		switch {
		case had && has:
			var changes ReleaseChanges
			what := slices.DeleteFunc(changes.compare(old, fresh), func(w string) bool { return w == "speakers" })
			if len(what) > 0 {
				items = append(items, NewsItem{what, was.session(key), is.session(key)})
			}
		case had:
			items = append(items, NewsItem{[]string{"removed"}, was.session(key), nil})
		case has:
			items = append(items, NewsItem{[]string{"added"}, nil, is.session(key)})
		}
	}
	slices.SortStableFunc(items, func(a, b NewsItem) int { return a.at().Compare(b.at()) })
	return items
}

// at is when the session takes place now, or did.
func (n NewsItem) at() time.Time {
	if n.Is != nil {
		return n.Is.StartsAt
	}
	return n.Was.StartsAt
}

// clashes counts the pairs of sessions that overlap.
func (s side) clashes(keys []string) (n int) {
	var own []exchange.Session
	for _, key := range keys {
		if x, ok := s.sessions[key]; ok && x.Placed() {
			own = append(own, x)
		}
	}
	slices.SortFunc(own, func(a, b exchange.Session) int { return a.Start.Compare(b.Start) })
	for i, a := range own {
		for _, b := range own[i+1:] {
			if !b.Start.Before(a.End()) {
				break
			}
			n++
		}
	}
	return n
}

// Email is where the person can be told, "" for nowhere.
func (n News) Email() string {
	if n.Speaker != nil {
		return n.Speaker.Email
	}
	return n.Plan.Email
}

// newsMail is what the mail about a changed schedule says.
type newsMail struct {
	Community, Accent, Name, EventTitle, Zone, URL, StopURL string
	Speaker, SignedUp                                       bool
	Items                                                   []NewsItem
	Left                                                    int // more of them
	Clashes                                                 int
}

const newsMailed = 30 // items in a mail

func (s *Service) newsLetter(e *events.Event, community *organisers.Community, n News) (mail.Message, error) {
	data := newsMail{Community: community.Name, Accent: community.Accent, EventTitle: e.Title, Zone: e.Timezone, URL: s.BaseURL + "/e/" + e.Slug + "/schedule",
		Items: n.Items[:min(len(n.Items), newsMailed)], Clashes: n.Clashes}
	data.Left = len(n.Items) - len(data.Items)
	locale := community.Locale
	var source turnout.ID
	if n.Speaker != nil {
		data.Name, data.Speaker, source = n.Speaker.Name, true, n.Speaker.ID
	} else {
		data.Name, data.SignedUp, data.StopURL, source = n.Plan.Name, n.Plan.SignedUp, n.Plan.StopURL, n.Plan.ID
		if n.Plan.URL != "" {
			data.URL = n.Plan.URL
		}
		if n.Plan.Locale != "" {
			locale = n.Plan.Locale
		}
	}
	subject, html, text, err := s.Pages.Email(locale, "schedule_news", data)
	return mail.Message{To: n.Email(), Subject: subject, HTML: html, Text: text, Source: source}, err
}
