package ticketing

import (
	"crypto/ed25519"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Code is what the QR of a ticket says: which ticket it is, with a nonce of its own, so that a reissue makes another code.
//
// As text it is upper-case base32 (RFC 4648, no padding) of payload and signature, so that a QR keeps it in its
// alphanumeric mode:
//
//	version (1 byte, 1) · key id (1 byte) · mode (1 byte) · event, ticket and ticket type number (uvarints) · nonce (16 bytes)
//	· Ed25519 signature over "turnout ticket v1" and all bytes before it (64 bytes, RFC 8032)
//
// About 146 characters: QR version 6 at level M. It verifies with the event's public key alone, without a network.
type Code struct {
	KeyID  uint8
	Mode   Mode
	Event  int64 // events.number
	Ticket int64 // tickets.number
	Type   int64 // ticket_types.number
	Nonce  Nonce
}

// Nonce is the random part of a code.
type Nonce [16]byte

// String gives the nonce as ticket_codes keeps it.
func (n Nonce) String() string { return codeText.EncodeToString(n[:]) }

// parseNonce reads what String wrote.
func parseNonce(text string) (Nonce, error) {
	b, err := codeText.DecodeString(text)
	if err != nil || len(b) != len(Nonce{}) {
		return Nonce{}, fmt.Errorf("ticketing: a stored nonce is damaged")
	}
	return Nonce(b), nil
}

// ErrNotACode says that a text is no ticket code of ours: damaged, cut, or something else altogether.
var ErrNotACode = errors.New("ticketing: not a ticket code")

const (
	codeVersion   = 1
	currentKeyID  = 1
	codeContext   = "turnout ticket v1"
	maxCodeLength = 200
)

var codeText = base32.StdEncoding.WithPadding(base32.NoPadding)

var modeBytes = map[Mode]byte{InPerson: 1, Virtual: 2}

func (c Code) payload() []byte {
	b := []byte{codeVersion, c.KeyID, modeBytes[c.Mode]}
	for _, n := range []int64{c.Event, c.Ticket, c.Type} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return append(b, c.Nonce[:]...)
}

// Sign gives the code as text.
func (c Code) Sign(key ed25519.PrivateKey) string {
	p := c.payload()
	return codeText.EncodeToString(append(p, ed25519.Sign(key, append([]byte(codeContext), p...))...))
}

// SignedCode is a code that was read and not yet verified.
type SignedCode struct {
	Code
	signature []byte
}

// ParseCode reads a scanned text: blanks around it and lower case do not matter, as keyboards and scanners change them.
// It fails with ErrNotACode, also for every other spelling of the same bytes. The signature is not checked here.
func ParseCode(text string) (SignedCode, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if len(text) > maxCodeLength {
		return SignedCode{}, ErrNotACode
	}
	b, err := codeText.DecodeString(text)
	if err != nil || len(b) < 3+3+16+ed25519.SignatureSize || b[0] != codeVersion {
		return SignedCode{}, ErrNotACode
	}
	c := SignedCode{Code: Code{KeyID: b[1]}, signature: b[len(b)-ed25519.SignatureSize:]}
	for mode, n := range modeBytes {
		if n == b[2] {
			c.Mode = mode
		}
	}
	rest := b[3 : len(b)-ed25519.SignatureSize]
	for _, field := range []*int64{&c.Event, &c.Ticket, &c.Type} {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > 1<<53 {
			return SignedCode{}, ErrNotACode
		}
		*field, rest = int64(n), rest[size:]
	}
	if len(rest) != len(c.Nonce) {
		return SignedCode{}, ErrNotACode
	}
	copy(c.Nonce[:], rest)
	// One code has one spelling: trailing bits and padded numbers are refused.
	if c.Mode == "" || codeText.EncodeToString(append(c.payload(), c.signature...)) != text {
		return SignedCode{}, ErrNotACode
	}
	return c, nil
}

// Verify reports whether the event's key signed the code.
func (c SignedCode) Verify(key ed25519.PublicKey) bool {
	return ed25519.Verify(key, append([]byte(codeContext), c.payload()...), c.signature)
}
