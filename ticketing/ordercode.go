package ticketing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"strings"
	"sync"
)

// codeBook turns the numbers of an order into its public code and back: a keyed permutation (a Feistel network of six
// rounds with HMAC-SHA256, after Luby and Rackoff) of 40 bits, of which 18 are the event's number and 22 the order's. So
// codes look random, hide how much was sold, need no random index, and are no secret.
type codeBook struct{ macs *sync.Pool } // of hash.Hash that know the key: to teach one takes longer than its round

func newCodeBook(key []byte) codeBook {
	return codeBook{&sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

const (
	orderBits  = 22
	eventBits  = 18
	halfBits   = (orderBits + eventBits) / 2
	halfMask   = 1<<halfBits - 1
	bookRounds = 6
	codeDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford: no I, L, O, U
	codeLength = 8
)

// fits reports whether the numbers still have room in a code: 262,143 events, each of 4,194,303 orders.
func (codeBook) fits(event, order int64) bool { return event < 1<<eventBits && order < 1<<orderBits }

func round(mac hash.Hash, i int, half uint64) uint64 {
	var in [9]byte
	var out [sha256.Size]byte
	in[0] = byte(i)
	binary.BigEndian.PutUint64(in[1:], half)
	mac.Reset()
	mac.Write(in[:])
	return binary.BigEndian.Uint64(mac.Sum(out[:0])) & halfMask
}

// encode gives the code of an order: eight characters.
func (b codeBook) encode(event, order int64) string {
	mac := b.macs.Get().(hash.Hash)
	defer b.macs.Put(mac)
	n := uint64(event)<<orderBits | uint64(order)
	left, right := n>>halfBits, n&halfMask
	for i := range bookRounds {
		left, right = right, left^round(mac, i, right)
	}
	n = left<<halfBits | right
	var text [codeLength]byte
	for i := codeLength - 1; i >= 0; i-- {
		text[i] = codeDigits[n&31]
		n >>= 5
	}
	return string(text[:])
}

var codeSpelling = strings.NewReplacer("O", "0", "I", "1", "L", "1", "-", "", " ", "")

// ReadOrderCode gives the spelling of an order's code that somebody typed, "" for a text that can be none. It need not exist.
func ReadOrderCode(text string) string {
	code := codeSpelling.Replace(strings.ToUpper(strings.TrimSpace(text)))
	if len(code) != codeLength || strings.Trim(code, codeDigits) != "" {
		return ""
	}
	return code
}

// decode reads a code as people type it: lower case, O for 0, I and L for 1, dashes and blanks anywhere.
func (b codeBook) decode(code string) (event, order int64, ok bool) {
	if code = ReadOrderCode(code); code == "" {
		return 0, 0, false
	}
	mac := b.macs.Get().(hash.Hash)
	defer b.macs.Put(mac)
	var n uint64
	for _, c := range code {
		n = n<<5 | uint64(strings.IndexRune(codeDigits, c))
	}
	left, right := n>>halfBits, n&halfMask
	for i := bookRounds - 1; i >= 0; i-- {
		left, right = right^round(mac, i, left), left
	}
	n = left<<halfBits | right
	return int64(n >> orderBits), int64(n & (1<<orderBits - 1)), true
}
