package org.xecomla.corpus.text;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.XZInputStream;

/** How a file is compressed, by its first bytes. */
enum Compression {
    NONE("", List.of()),
    GZIP("gzip", List.of(".gz"), 0x1F, 0x8B),
    ZSTD("zstd", List.of(".zst", ".zstd"), 0x28, 0xB5, 0x2F, 0xFD),
    BZIP2("bzip2", List.of(".bz2"), 'B', 'Z', 'h'),
    XZ("xz", List.of(".xz"), 0xFD, '7', 'z', 'X', 'Z', 0);

    private static final int XZ_MEMORY_KIB = 1 << 17; // the largest dictionary of xz -9, twice
    private static final int BUFFER_BYTES = 1 << 16;

    private final String title;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> suffixes;

    @SuppressWarnings("ImmutableEnumChecker") // never handed out
    private final byte[] magic;

    Compression(String title, List<String> suffixes, int... magic) {
        this.title = title;
        this.suffixes = suffixes;
        this.magic = new byte[magic.length];
        for (int i = 0; i < magic.length; i++) {
            this.magic[i] = (byte) magic[i];
        }
    }

    static Compression of(byte[] head) {
        return Arrays.stream(values())
                .filter(one -> one != NONE && startsWith(head, one.magic))
                .findFirst()
                .orElse(NONE);
    }

    static boolean startsWith(byte[] bytes, byte[] magic) {
        return bytes.length >= magic.length && Arrays.equals(bytes, 0, magic.length, magic, 0, magic.length);
    }

    String title() {
        return title;
    }

    /** {@code name} in lower case without the suffix of this compression. */
    String strip(String name) {
        return suffixes.stream()
                .filter(name::endsWith)
                .findFirst()
                .map(suffix -> name.substring(0, name.length() - suffix.length()))
                .orElse(name);
    }

    /** The contents of {@code in}, several compressed streams in a row included. */
    InputStream decompressed(InputStream in) throws IOException {
        return switch (this) {
            case NONE -> in;
            case GZIP -> new GZIPInputStream(in, BUFFER_BYTES);
            case ZSTD -> new ZstdInputStream(in);
            case BZIP2 -> new BZip2CompressorInputStream(in, true);
            case XZ -> new XZInputStream(in, XZ_MEMORY_KIB);
        };
    }
}
