package org.xecomla.files;

import io.airlift.compress.lz4.Lz4Decompressor;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/**
 * Decompression of Parquet's pages that ends whatever they hold. Parquet's own codecs for blocks without a frame wait
 * for ever for a page that unpacks to less than it is said to (PARQUET-2060); and no page is of any size.
 */
final class ParquetCodecs implements CompressionCodecFactory {
    private static final int MAX_PAGE_BYTES = 1 << 29;

    private final CompressionCodecFactory codecs;

    /** @param codecs for all that has frames */
    ParquetCodecs(CompressionCodecFactory codecs) {
        this.codecs = codecs;
    }

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName name) {
        return codecs.getCompressor(name);
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName name) {
        return switch (name) {
            case SNAPPY -> new Blocks(ParquetCodecs::snappy);
            case LZ4_RAW -> new Blocks(ParquetCodecs::lz4);
            default -> codecs.getDecompressor(name);
        };
    }

    @Override
    public void release() {
        codecs.release();
    }

    private static int snappy(byte[] packed, byte[] page) throws IOException {
        return Snappy.uncompressedLength(packed) == page.length
                ? Snappy.uncompress(packed, 0, packed.length, page, 0)
                : -1;
    }

    private static int lz4(byte[] packed, byte[] page) {
        return new Lz4Decompressor().decompress(packed, 0, packed.length, page, 0, page.length);
    }

    private interface BlockCodec {
        /** Returns how many bytes of {@code page} it has filled. */
        int decompress(byte[] packed, byte[] page) throws IOException;
    }

    private record Blocks(BlockCodec codec) implements BytesInputDecompressor {
        @Override
        public BytesInput decompress(BytesInput bytes, int uncompressedSize) throws IOException {
            return BytesInput.from(page(bytes.toByteArray(), uncompressedSize));
        }

        @Override
        public void decompress(ByteBuffer input, int compressedSize, ByteBuffer output, int uncompressedSize)
                throws IOException {
            byte[] packed = new byte[compressedSize];
            input.get(packed);
            output.put(page(packed, uncompressedSize));
        }

        private byte[] page(byte[] packed, int length) throws IOException {
            if (length < 0 || length > MAX_PAGE_BYTES) {
                throw new IOException("a page of " + length + " bytes");
            }
            byte[] page = new byte[length];
            if (codec.decompress(packed, page) != length) {
                throw new IOException("a page unpacks to less than its " + length + " bytes");
            }
            return page;
        }

        @Override
        public void release() {
            // holds nothing
        }
    }
}
