package turnout

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"sync"
	"time"
)

// ID names a row: a type prefix, an underscore, and a UUIDv7 (RFC 9562 section 5.7) in 26
// characters of lower-case Crockford base32, so that ids sort by the time of their making
// and survive a URL. Time order is not commit order: cursors over ids re-read an overlap.
type ID string

// Prefixes of the ids, one for each kind of row that the outside can name.
const (
	PrefixCommunity = "com"
	PrefixEvent     = "evt"
	PrefixOrder     = "ord"
	PrefixTicket    = "tkt"
	PrefixPayment   = "pay"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

var idClock struct {
	sync.Mutex
	last uint64 // milliseconds << 12 | counter
}

// NewID makes an id with the given prefix ("evt"). Ids made by one process rise strictly.
func NewID(prefix string) ID {
	var b [16]byte
	_, _ = rand.Read(b[8:]) // never fails (crypto/rand ends the program instead)
	stamp := uint64(time.Now().UnixMilli()) << 12
	idClock.Lock()
	idClock.last = max(idClock.last+1, stamp)
	stamp = idClock.last
	idClock.Unlock()
	binary.BigEndian.PutUint64(b[:8], stamp>>12<<16|0x7000|stamp&0xfff)
	b[8] = b[8]&0x3f | 0x80
	return ID(prefix + "_" + idEncoding.EncodeToString(b[:]))
}

// Is reports whether the id has the prefix and the length of one that NewID made.
func (id ID) Is(prefix string) bool {
	rest, ok := strings.CutPrefix(string(id), prefix+"_")
	return ok && len(rest) == 26
}

// Earlier is before every id with its prefix that was made later than d before this one, whichever process made it.
func (id ID) Earlier(d time.Duration) ID {
	prefix, rest, _ := strings.Cut(string(id), "_")
	b, err := idEncoding.DecodeString(rest)
	if err != nil || len(b) != 16 {
		return ""
	}
	made := binary.BigEndian.Uint64(b) >> 16 // milliseconds since 1970
	clear(b)
	binary.BigEndian.PutUint64(b, (made-min(made, uint64(max(0, d.Milliseconds()))))<<16)
	return ID(prefix + "_" + idEncoding.EncodeToString(b))
}
