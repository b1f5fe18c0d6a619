// Ledger_oracle checks an exported log and its receipts with code that is not ours: golang.org/x/mod/sumdb, the reference implementation of
// tiled logs and signed notes. It exits 1 at the first thing that does not hold.
//
// Debian: apt-get install golang-go golang-golang-x-mod-dev, then
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run main.go -log DIR -vkey FILE -proof FILE -index N \
//	    [-witness FILE] [-older FILE [-request FILE]]
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Tiles of C2SP logs are 2^8 hashes wide.
const height = 8

func main() {
	log := flag.String("log", "", "folder of the exported log")
	vkey := flag.String("vkey", "", "file with the log's verifier key")
	proof := flag.String("proof", "", "receipt, a .tlog-proof file")
	index := flag.Int64("index", -1, "the entry the receipt must be for")
	witness := flag.String("witness", "", "file with a witness's verifier key; log and receipt must then bear its cosignature")
	older := flag.String("older", "", "an older checkpoint of the log")
	request := flag.String("request", "", "an add-checkpoint request from the older checkpoint to the log's")
	flag.Parse()

	verifier, err := note.NewVerifier(strings.TrimSpace(string(read(*vkey))))
	must(err, "verifier key")
	verifiers := []note.Verifier{verifier}
	if *witness != "" {
		verifiers = append(verifiers, newCosigner(strings.TrimSpace(string(read(*witness)))))
	}
	tree := open(read(filepath.Join(*log, "checkpoint")), verifiers, "checkpoint")
	entries := readEntries(*log, tree.N)
	hashes := tlog.TileHashReader(tree, directory(*log))

	checkEntries(entries, hashes)
	checkReceipt(read(*proof), verifiers, *index, entries, hashes)
	if *older != "" {
		checkGrowth(open(read(*older), verifiers, "older checkpoint"), tree, *request, verifiers[:1], hashes)
	}
	fmt.Printf("ok: %d entries, receipt of entry %d\n", tree.N, *index)
}

// Every entry hashes to what the tiles say, and the tiles to the signed root: TileHashReader authenticates each tile it reads.
func checkEntries(entries [][]byte, hashes tlog.HashReader) {
	var indexes []int64
	for i := range entries {
		indexes = append(indexes, tlog.StoredHashIndex(0, int64(i)))
	}
	named, err := hashes.ReadHashes(indexes)
	must(err, "tiles")
	for i, entry := range entries {
		if tlog.RecordHash(entry) != named[i] {
			fail("entry %d is not the one its tile names", i)
		}
	}
}

// The receipt's checkpoint is signed and its proof leads from the entry to the root. If it is of the log's size, Go makes the same proof.
func checkReceipt(receipt []byte, verifiers []note.Verifier, index int64, entries [][]byte, hashes tlog.HashReader) {
	head, checkpoint := cut(receipt, "receipt")
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("receipt: line 1 is %q", lines[0])
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || lines[0] != fmt.Sprintf("index %d", index) {
		fail("receipt: is not for entry %d", index)
	}
	proof := tlog.RecordProof(parseHashes(lines[1:], "receipt"))
	tree := open(checkpoint, verifiers, "checkpoint of the receipt")
	if index < 0 || index >= int64(len(entries)) {
		fail("there is no entry %d", index)
	}
	must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entries[index])), "receipt")
	if tree.N == int64(len(entries)) {
		made, err := tlog.ProveRecord(tree.N, index, hashes)
		must(err, "proof from tiles")
		same(made, proof, "receipt")
	}
}

// The older tree is the beginning of the newer, by the proof Go makes of the tiles and by ours.
func checkGrowth(older, newer tlog.Tree, request string, verifiers []note.Verifier, hashes tlog.HashReader) {
	made, err := tlog.ProveTree(newer.N, older.N, hashes)
	must(err, "consistency proof from tiles")
	must(tlog.CheckTree(made, newer.N, newer.Hash, older.N, older.Hash), "the older checkpoint")
	if request == "" {
		return
	}
	head, checkpoint := cut(read(request), "request")
	lines := strings.Split(head, "\n")
	if lines[0] != fmt.Sprintf("old %d", older.N) {
		fail("request: line 1 is %q", lines[0])
	}
	if open(checkpoint, verifiers, "checkpoint of the request") != newer {
		fail("request: is not for the log's checkpoint")
	}
	proof := tlog.TreeProof(parseHashes(lines[1:], "request"))
	must(tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash), "request")
	same(made, proof, "request")
}

// Opens a note that all keys must have signed, and reads its text as a checkpoint of the first key's log (tlog.ParseTree knows only the Go
// checksum database's).
func open(message []byte, verifiers []note.Verifier, what string) tlog.Tree {
	opened, err := note.Open(message, note.VerifierList(verifiers...))
	must(err, what)
	if len(opened.Sigs) != len(verifiers) {
		fail("%s: has %d of the %d signatures asked for", what, len(opened.Sigs), len(verifiers))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifiers[0].Name() {
		fail("%s: is not three lines of %s", what, verifiers[0].Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, what)
	return tlog.Tree{N: size, Hash: parseHashes(lines[2:3], what)[0]}
}

// cosigner verifies timestamped cosignatures (c2sp.org/tlog-cosignature), which the note package does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		fail("witness key: is not name+id+key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err, "witness key")
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if len(key) != 33 || key[0] != 4 || parts[1] != fmt.Sprintf("%08x", hash) {
		fail("witness key: is not of type 4, or has an id that is not its own")
	}
	return cosigner{parts[0], hash, key[1:]}
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }

func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	header := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	return ed25519.Verify(c.key, append([]byte(header), text...), signature[8:])
}

func readEntries(log string, size int64) (entries [][]byte) {
	for int64(len(entries)) < size {
		tile := tlog.Tile{H: height, L: -1, N: int64(len(entries)) >> height, W: 1 << height}
		if rest := size - int64(len(entries)); rest < 1<<height {
			tile.W = int(rest)
		}
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/data/", height), "tile/entries/", 1)
		bundle := read(filepath.Join(log, path))
		for n := 0; n < tile.W; n++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				fail("%s: ends within its entry %d", path, n)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entries = append(entries, bundle[2:end])
			bundle = bundle[end:]
		}
		if len(bundle) > 0 {
			fail("%s: something follows its last entry", path)
		}
	}
	return entries
}

// directory is an exported log as a tlog.TileReader.
type directory string

func (d directory) Height() int { return height }

func (d directory) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		// C2SP leaves the height out of the path.
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(string(d), path))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

func (d directory) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

// cut divides a receipt or request from the checkpoint in it.
func cut(text []byte, what string) (head string, checkpoint []byte) {
	i := bytes.Index(text, []byte("\n\n"))
	if i < 0 {
		fail("%s: no blank line before the checkpoint", what)
	}
	return string(text[:i]), text[i+2:]
}

func parseHashes(lines []string, what string) (hashes []tlog.Hash) {
	for _, line := range lines {
		decoded, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(decoded) != tlog.HashSize {
			fail("%s: %q is not a hash", what, line)
		}
		var hash tlog.Hash
		copy(hash[:], decoded)
		hashes = append(hashes, hash)
	}
	return hashes
}

func same(made, given []tlog.Hash, what string) {
	if fmt.Sprint(made) != fmt.Sprint(given) {
		fail("%s: Go makes another proof of the same tiles", what)
	}
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	must(err, "file")
	return bytes
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "ledger_oracle: "+format+"\n", args...)
	os.Exit(1)
}
