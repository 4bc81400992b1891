package storage

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The facts of a snapshot's file format: batches of message format 2 (KIP-98), first a control batch with a
// SnapshotHeaderRecord, last one with a SnapshotFooterRecord (KIP-630), between them metadata records (KIP-631).
const (
	magic               = 2
	controlAttribute    = 0x20
	headerControlType   = 3
	footerControlType   = 4
	featureLevelRecord  = 12
	recordFrameVersion  = 1
	batchHeadLength     = 12 // first offset and length, which the length does not count
	batchChecksumOffset = 17
	batchRecordsOffset  = 61
	noProducer          = -1
)

// times are the creation times of a checkpoint's three batches in milliseconds since 1970.
type times struct{ header, records, footer int64 }

// encodeCheckpoint gives the bytes of bootstrap.checkpoint: the records a new cluster's first controller starts from.
func encodeCheckpoint(features []Feature, at times) []byte {
	header := kmsg.Record{Key: controlKey(headerControlType), Value: make([]byte, 11)}
	footer := kmsg.Record{Key: controlKey(footerControlType), Value: make([]byte, 3)}
	records := make([]kmsg.Record, len(features))
	for i, feature := range features {
		records[i].Value = encodeFeature(feature)
	}
	count := int64(len(features))
	encoded := appendBatch(nil, batch{0, at.header, controlAttribute, []kmsg.Record{header}})
	encoded = appendBatch(encoded, batch{1, at.records, 0, records})
	return appendBatch(encoded, batch{1 + count, at.footer, controlAttribute, []kmsg.Record{footer}})
}

func controlKey(controlType byte) []byte { return []byte{0, 0, 0, controlType} }

// encodeFeature gives a FeatureLevelRecord, version 0, in its frame: the frame's version, the record's type and version,
// a compact string, the level, no tagged fields.
func encodeFeature(feature Feature) []byte {
	encoded := []byte{recordFrameVersion, featureLevelRecord, 0}
	encoded = binary.AppendUvarint(encoded, uint64(len(feature.Name)+1))
	encoded = append(encoded, feature.Name...)
	encoded = binary.BigEndian.AppendUint16(encoded, uint16(feature.Level))
	return append(encoded, 0)
}

type batch struct {
	firstOffset int64
	timestamp   int64
	attributes  int16
	records     []kmsg.Record
}

func appendBatch(encoded []byte, b batch) []byte {
	var records []byte
	for i, record := range b.records {
		records = appendRecord(records, record, int32(i))
	}
	head := kmsg.RecordBatch{
		FirstOffset:     b.firstOffset,
		Length:          int32(batchRecordsOffset - batchHeadLength + len(records)),
		Magic:           magic,
		Attributes:      b.attributes,
		LastOffsetDelta: int32(len(b.records) - 1),
		FirstTimestamp:  b.timestamp,
		MaxTimestamp:    b.timestamp,
		ProducerID:      noProducer,
		ProducerEpoch:   noProducer,
		FirstSequence:   noProducer,
		NumRecords:      int32(len(b.records)),
		Records:         records,
	}
	whole := head.AppendTo(nil)
	sum := crc32.Checksum(whole[batchChecksumOffset+4:], crc32.MakeTable(crc32.Castagnoli))
	binary.BigEndian.PutUint32(whole[batchChecksumOffset:], sum)
	return append(encoded, whole...)
}

// appendRecord writes the record twice: its length stands before it and counts what follows.
func appendRecord(encoded []byte, record kmsg.Record, offsetDelta int32) []byte {
	record.OffsetDelta = offsetDelta
	const emptyLength = 1
	record.Length = int32(len(record.AppendTo(nil)) - emptyLength)
	return record.AppendTo(encoded)
}
