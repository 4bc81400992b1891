package image

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
)

// layerOptions say what of a tree becomes a layer, and how.
type layerOptions struct {
	// Keep decides by slash-separated path relative to the root; a directory
	// that is not kept takes its content with it. Nil keeps everything.
	Keep func(path string) bool
	// PlainModes makes directories 0755 and files 0755 or 0644, so that the
	// builder's umask leaves no trace.
	PlainModes bool
}

// writeLayer writes the tree under root as a gzip-compressed tar to file and
// returns the file's SHA-256 in hex. Equal trees make equal files: entries are
// sorted, times are Epoch, owners are numbers.
func writeLayer(file, root string, options layerOptions) (digest string, err error) {
	out, err := os.Create(file)
	if err != nil {
		return "", fmt.Errorf("creating a layer: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	sum := sha256.New()
	// The fastest level: a layer is unpacked on this machine a moment later.
	compressed, err := gzip.NewWriterLevel(io.MultiWriter(out, sum), gzip.BestSpeed)
	if err != nil {
		return "", err
	}
	if err := writeTree(tar.NewWriter(compressed), root, options); err != nil {
		return "", fmt.Errorf("packing %s: %w", root, err)
	}
	if err := compressed.Close(); err != nil {
		return "", fmt.Errorf("packing %s: %w", root, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func writeTree(archive *tar.Writer, root string, options layerOptions) error {
	paths, err := listTree(root, options.Keep)
	if err != nil {
		return err
	}
	firstByInode := map[uint64]string{}
	for _, path := range paths {
		header, err := headerOf(root, path, options.PlainModes, firstByInode)
		if err != nil {
			return err
		}
		if err := writeEntry(archive, filepath.Join(root, path), header); err != nil {
			return err
		}
	}
	return archive.Close()
}

// listTree returns the kept paths below root in the order of their bytes, each
// directory before its content.
func listTree(root string, keep func(string) bool) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(root, func(full string, entry fs.DirEntry, err error) error {
		if err != nil || full == root {
			return err
		}
		path, err := filepath.Rel(root, full)
		if err != nil {
			return err
		}
		if keep != nil && !keep(path) {
			return skip(entry)
		}
		paths = append(paths, path)
		return nil
	})
	sort.Strings(paths)
	return paths, err
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func headerOf(root, path string, plainModes bool, firstByInode map[uint64]string) (*tar.Header, error) {
	full := filepath.Join(root, path)
	info, err := os.Lstat(full)
	if err != nil {
		return nil, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("no owner known of %s", path)
	}
	header := &tar.Header{
		Name:    path,
		Mode:    int64(stat.Mode & 0o7777),
		Uid:     int(stat.Uid),
		Gid:     int(stat.Gid),
		ModTime: Epoch,
		Format:  tar.FormatPAX,
	}
	if plainModes {
		header.Mode = plainMode(info.Mode())
	}
	return header, setType(header, full, info, stat, firstByInode)
}

func plainMode(mode fs.FileMode) int64 {
	if mode.IsDir() || mode&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

// setType fills in what depends on the kind of file. A file with several names
// is stored under the first and linked to by the others.
func setType(header *tar.Header, full string, info fs.FileInfo, stat *syscall.Stat_t, firstByInode map[uint64]string) (err error) {
	switch {
	case info.IsDir():
		header.Typeflag = tar.TypeDir
		header.Name += "/"
	case info.Mode()&fs.ModeSymlink != 0:
		header.Typeflag = tar.TypeSymlink
		header.Mode = 0o777
		header.Linkname, err = os.Readlink(full)
	case info.Mode().IsRegular() && stat.Nlink > 1 && firstByInode[stat.Ino] != "":
		header.Typeflag = tar.TypeLink
		header.Linkname = firstByInode[stat.Ino]
	case info.Mode().IsRegular():
		header.Typeflag = tar.TypeReg
		header.Size = info.Size()
		firstByInode[stat.Ino] = header.Name
	default:
		return fmt.Errorf("%s is neither file, directory nor link", header.Name)
	}
	return err
}

func writeEntry(archive *tar.Writer, full string, header *tar.Header) error {
	if err := archive.WriteHeader(header); err != nil {
		return fmt.Errorf("writing the header of %s: %w", header.Name, err)
	}
	if header.Typeflag != tar.TypeReg {
		return nil
	}
	file, err := os.Open(full)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(archive, file); err != nil {
		return fmt.Errorf("writing %s: %w", header.Name, err)
	}
	return nil
}

// setTimes gives every file below root the time it will have in the image.
func setTimes(root string) error {
	tree, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer tree.Close()
	return fs.WalkDir(tree.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		return tree.Chtimes(path, Epoch, Epoch)
	})
}

// under keeps what is at or below the slash-separated path, and its parents.
func under(path string) func(string) bool {
	return func(candidate string) bool {
		return candidate == path ||
			strings.HasPrefix(candidate, path+"/") ||
			strings.HasPrefix(path, candidate+"/")
	}
}
