package organisers

// AddressBucket names the row that counts an address's sign-ins.
func AddressBucket(addr string) string { return signInAddress(addr).bucket }
