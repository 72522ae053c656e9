package people

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"
	"golang.org/x/text/unicode/norm"

	"turnout"
)

const (
	wordLimit   = 64 // bytes of a word that count; the rest of a longer one is neither stored nor compared
	wordsOfText = 40 // words of one text that are stored, and as many addresses
	rowsAtOnce  = 1000
)

// flat spells letters that have no decomposition as people without that letter on their keyboard type them.
var flat = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ħ", "h", "ł", "l", "ŋ", "n", "ı", "i", "ſ", "s", "ς", "σ")

// plainly writes a text in lower case, without accents and other marks (NFKD, category Mn removed), full-width forms and ligatures
// spelled out.
func plainly(text string) string {
	plain := make([]rune, 0, len(text))
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		if !unicode.Is(unicode.Mn, r) {
			plain = append(plain, unicode.ToLower(r))
		}
	}
	// Hangul came apart into its letters; composed again, a syllable is one character.
	return flat.Replace(norm.NFC.String(string(plain)))
}

// Fold gives the words of a text in the form in which they are searched: plainly, cut at everything that is neither letter nor
// digit. So "Łukasz.Żółw@example.org" is lukasz, zolw, example, org. A run of Han or kana is one word, as is one of
// Hangul.
func Fold(text string) []string {
	folded := plainly(text)
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, cut(word.String()))
			word.Reset()
		}
	}
	var before script
	for _, r := range folded {
		now := scriptOf(r)
		if now != before {
			end()
		}
		if before = now; now != gap {
			word.WriteRune(r)
		}
	}
	end()
	return words
}

// script tells which characters make a word together.
type script int

const (
	gap script = iota
	alphabet
	ideographs // Han and kana stand in one word: 山田さん
	hangul
)

func scriptOf(r rune) script {
	switch {
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == 'ー':
		return ideographs
	case unicode.Is(unicode.Hangul, r):
		return hangul
	case unicode.In(r, unicode.L, unicode.N, unicode.Mc):
		return alphabet
	}
	return gap
}

// cut shortens a word to wordLimit bytes at a character's edge.
func cut(word string) string {
	if len(word) <= wordLimit {
		return word
	}
	end := wordLimit
	for !utf8.RuneStart(word[end]) {
		end--
	}
	return word[:end]
}

// address gives an e-mail address as it is searched as a whole, and false for a field that is none: something before an @. What stands
// round it in a list, as in "<anna@acme.example>,", does not belong to it. Of one longer than wordLimit only the beginning is stored and
// compared, as of any word: it finds those that begin alike.
func address(field string) (string, bool) {
	whole := strings.TrimFunc(field, func(r rune) bool { return r != '@' && scriptOf(r) == gap })
	if normal, err := NormaliseEmail(whole); err == nil {
		whole = normal
	}
	return cut(plainly(whole)), strings.Index(whole, "@") > 0
}

// stored gives the words under which a text is found: its e-mail addresses, the words of Fold, and for a script that writes without
// spaces also what follows each character, so that 太郎 finds 山田太郎.
func stored(text string) []string {
	var words, addresses []string
	for field := range strings.FieldsSeq(text) {
		if whole, ok := address(field); ok {
			addresses = append(addresses, whole)
		}
	}
	for _, word := range Fold(text) {
		words = append(words, word)
		first, size := utf8.DecodeRuneInString(word)
		if s := scriptOf(first); s != ideographs && s != hangul {
			continue
		}
		for rest := word[size:]; rest != ""; rest = rest[size:] {
			words = append(words, rest)
			_, size = utf8.DecodeRuneInString(rest)
		}
	}
	few := func(words []string) []string {
		slices.Sort(words)
		words = slices.Compact(words)
		return words[:min(len(words), wordsOfText)]
	}
	return slices.Concat(few(words), few(addresses))
}

type token struct {
	bun.BaseModel `bun:"table:search_tokens,alias:search_token"`

	CommunityID turnout.ID `bun:"community_id"`
	Kind        string     `bun:"kind"`
	ScopeID     turnout.ID `bun:"scope_id"`
	Token       []byte     `bun:"token"` // bytes, compared as bytes by both engines whatever the cluster's collation
	RowID       turnout.ID `bun:"row_id"`
}

// IndexTokens makes rows findable by their texts (name, address and code together, say), in one statement for a thousand
// words. kind names what is searched (ticket, order, person), scope where (an event, the community). Words that a row had
// before stay: call DropTokens first when its text changed.
func IndexTokens(ctx context.Context, db bun.IDB, community turnout.ID, kind string, scope turnout.ID, texts map[turnout.ID]string) error {
	var tokens []*token
	for _, row := range slices.Sorted(maps.Keys(texts)) {
		for _, word := range stored(texts[row]) {
			tokens = append(tokens, &token{CommunityID: community, Kind: kind, ScopeID: scope, Token: []byte(word), RowID: row})
		}
	}
	for chunk := range slices.Chunk(tokens, rowsAtOnce) {
		if _, err := db.NewInsert().Model(&chunk).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("people: index: %w", err)
		}
	}
	return nil
}

// DropTokens makes rows unfindable.
func DropTokens(ctx context.Context, db bun.IDB, community turnout.ID, rows []turnout.ID) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := db.NewDelete().Model((*token)(nil)).Where("row_id IN (?)", bun.List(rows)).Where("community_id = ?", community).Exec(ctx)
	return err
}

const (
	wordsOfQuery = 8      // that are looked for
	common       = 20_000 // rows of a word: from here on a list is read in its own order, until enough of it was found
)

// term is a word of a query: what it finds lies from its bytes on, before end.
type term struct {
	word string
	end  []byte
}

// terms gives the words that are looked for. Each finds what begins with it, as what is typed of an e-mail address does: w1@ finds
// w1@example.org, not w10@example.org.
func terms(query string) (list []term) {
	for field := range strings.FieldsSeq(query) {
		words := Fold(field)
		if whole, ok := address(field); ok {
			words = []string{whole}
		}
		for _, word := range words {
			list = append(list, term{word, after(word)})
		}
	}
	return list[:min(len(list), wordsOfQuery)]
}

// Matching narrows lists to the rows that have, for every word of the query, a word or an e-mail address that begins with it;
// id is the list's column of their ids. It is nil for a query without letters or digits. Where a word is rare, its rows are read,
// and the list finds those by their ids: to say the scope again would only mislead SQLite. Where all are common, rare is false: the list
// must say its scope, is read in its own order, and the words of each row are looked up.
func Matching(ctx context.Context, db bun.IDB, community turnout.ID, kind string, scope turnout.ID, query, id string) (narrow func(*bun.SelectQuery) *bun.SelectQuery, rare bool, err error) {
	words := terms(query)
	if len(words) == 0 {
		return nil, false, nil
	}
	with := func(t term) *bun.SelectQuery {
		return db.NewSelect().TableExpr("search_tokens AS lead").Column("lead.row_id").
			Where("lead.community_id = ? AND lead.kind = ? AND lead.scope_id = ?", community, kind, scope).
			Where("lead.token >= ? AND lead.token < ?", []byte(t.word), t.end)
	}
	rows, words, err := rarestFirst(ctx, db, words, with)
	if err != nil {
		return nil, false, fmt.Errorf("people: search: %w", err)
	}
	// By the row alone, which has a few dozen words: by kind and scope too, SQLite would read all rows that have this word.
	const has = "EXISTS (SELECT 1 FROM search_tokens AS other WHERE other.row_id = ? AND other.token >= ? AND other.token < ?)"
	if rows < common {
		lead := with(words[0])
		for _, t := range words[1:] {
			lead = lead.Where(has, bun.Ident("lead.row_id"), []byte(t.word), t.end)
		}
		return func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("? IN (?)", bun.Ident(id), lead) }, true, nil
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		for _, t := range words {
			q = q.Where(has, bun.Ident(id), []byte(t.word), t.end)
		}
		return q
	}, false, nil
}

// rarestFirst counts the rows of each word, as far as it matters, and gives the words in that order and the rows of the first: where one word
// has few rows, the many of the others are not counted.
func rarestFirst(ctx context.Context, db bun.IDB, words []term, with func(term) *bun.SelectQuery) (rows int64, sorted []term, err error) {
	counts := make(map[string]int64, len(words))
	for _, enough := range []int64{64, 1000, common} {
		for _, t := range words {
			var n int64
			// In the order of the index, or PostgreSQL reads the whole table for a word that many have.
			if err := db.NewSelect().TableExpr("(?) AS counted", with(t).Order("lead.token").Limit(enough)).ColumnExpr("COUNT(*)").Scan(ctx, &n); err != nil {
				return 0, nil, err
			}
			counts[string(t.end)] = n
		}
		slices.SortStableFunc(words, func(a, b term) int { return cmp.Compare(counts[string(a.end)], counts[string(b.end)]) })
		if rows = counts[string(words[0].end)]; rows < enough {
			break
		}
	}
	return rows, slices.CompactFunc(words, func(a, b term) bool { return string(a.end) == string(b.end) }), nil
}

// after is behind every text that begins with the word: no UTF-8 holds the byte 0xff.
func after(word string) []byte { return append([]byte(word), 0xff) }
