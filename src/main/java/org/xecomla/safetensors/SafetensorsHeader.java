package org.xecomla.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.JsonFaults;
import org.xecomla.files.RandomReader;

/** Parses and checks the header of a safetensors file, by the rules of the format's own reference implementation. */
final class SafetensorsHeader {
    private static final int LENGTH_BYTES = 8;
    private static final long MAX_HEADER_BYTES = 100_000_000;
    private static final long MAX_OFFSET = 1L << 60;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final String file;

    private SafetensorsHeader(String file) {
        this.file = file;
    }

    static SafetensorsFile read(RandomReader reader) {
        SafetensorsHeader header = new SafetensorsHeader(DataFiles.display(reader.path()));
        byte[] text = header.text(reader);
        JsonNode json = header.parse(text);
        Map<String, String> metadata = new LinkedHashMap<>();
        List<SafetensorsFile.Entry> entries = new ArrayList<>();
        json.fields().forEachRemaining(field -> {
            if (field.getKey().equals("__metadata__")) {
                header.metadata(field.getValue(), metadata);
            } else {
                entries.add(header.entry(field.getKey(), field.getValue(), LENGTH_BYTES + text.length));
            }
        });
        entries.sort(Comparator.comparingLong(SafetensorsFile.Entry::begin).thenComparing(SafetensorsFile.Entry::end));
        header.checkExtents(entries, LENGTH_BYTES + text.length, reader.length());
        Map<String, SafetensorsFile.Entry> byName = new LinkedHashMap<>();
        entries.forEach(entry -> byName.put(entry.name(), entry));
        return new SafetensorsFile(reader.path(), byName, metadata);
    }

    private byte[] text(RandomReader reader) {
        byte[] lengthBytes = new byte[LENGTH_BYTES];
        reader.readFully(0, lengthBytes, 0, LENGTH_BYTES);
        long length =
                ByteBuffer.wrap(lengthBytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 2 || length > MAX_HEADER_BYTES) {
            throw new UserException(file + " is not a safetensors file: " + whatElse(lengthBytes, length));
        }
        if (length > reader.length() - LENGTH_BYTES) {
            throw new UserException(
                    file + " is truncated: its header has " + length + " bytes, the whole file " + reader.length());
        }
        byte[] text = new byte[(int) length];
        reader.readFully(LENGTH_BYTES, text, 0, text.length);
        return text;
    }

    private static String whatElse(byte[] first, long length) {
        String text = new String(first, StandardCharsets.US_ASCII);
        if (text.equals("version ")) {
            return "it is a Git LFS pointer, fetch the file itself (git lfs pull)";
        }
        if (text.startsWith("<")) {
            return "it begins like a web page, download the file itself";
        }
        return "its first eight bytes announce a header of " + Long.toUnsignedString(length) + " bytes";
    }

    private void metadata(JsonNode json, Map<String, String> metadata) {
        if (!json.isObject() && !json.isNull()) {
            throw new UserException(file + " has a broken safetensors header: __metadata__ is no object");
        }
        json.fields().forEachRemaining(field -> {
            if (!field.getValue().isTextual()) {
                throw new UserException(file + " has a broken safetensors header: __metadata__ holds "
                        + field.getValue() + " for " + field.getKey() + ", not a string");
            }
            metadata.put(field.getKey(), field.getValue().asText());
        });
    }

    private JsonNode parse(byte[] text) {
        try (JsonParser parser = JSON.createParser(utf8(text))) {
            JsonNode json = JSON.readTree(parser);
            if (json == null || !json.isObject()) {
                throw new UserException(file + " is not a safetensors file: its header is not a JSON object");
            }
            if (parser.nextToken() != null) {
                throw new UserException(file + " has a broken safetensors header: text follows the JSON object");
            }
            return json;
        } catch (IOException e) {
            throw new UserException(file + " has a broken safetensors header: it " + JsonFaults.describe(e), e);
        }
    }

    private String utf8(byte[] text) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(text))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new UserException(file + " has a broken safetensors header: it is not UTF-8", e);
        }
    }

    private SafetensorsFile.Entry entry(String name, JsonNode json, long dataStart) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            throw broken(name.replaceAll("\\p{Cs}", "?"), "its name has half a character (a lone surrogate)");
        }
        Dtype dtype = Dtype.ofName(json.path("dtype").textValue())
                .orElseThrow(() -> broken(name, "dtype " + json.path("dtype") + " is none of those that are known"));
        List<Long> shape = longs(name, json, "shape");
        List<Long> offsets = longs(name, json, "data_offsets");
        if (offsets.stream().anyMatch(offset -> offset > MAX_OFFSET)) {
            throw broken(name, "data_offsets " + offsets + " are out of range");
        }
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw broken(name, "data_offsets " + offsets + " are not a begin and an end");
        }
        long bytes = dtype.width();
        try {
            for (long size : shape) {
                bytes = Math.multiplyExact(bytes, size);
            }
        } catch (ArithmeticException e) {
            throw broken(name, "shape " + shape + " is too large for any file");
        }
        if (bytes != offsets.get(1) - offsets.get(0)) {
            throw broken(
                    name,
                    "shape " + shape + " of " + dtype + " takes " + bytes + " bytes, data_offsets " + offsets + " span "
                            + (offsets.get(1) - offsets.get(0)));
        }
        return new SafetensorsFile.Entry(name, dtype, shape, dataStart + offsets.get(0), dataStart + offsets.get(1));
    }

    private List<Long> longs(String name, JsonNode json, String key) {
        List<Long> values = new ArrayList<>();
        if (!json.path(key).isArray()) {
            throw broken(name, key + " is missing or no list");
        }
        for (JsonNode value : json.path(key)) {
            if (!value.canConvertToLong() || !value.isIntegralNumber() || value.asLong() < 0) {
                throw broken(name, key + " holds " + value + ", not a natural number");
            }
            values.add(value.asLong());
        }
        return values;
    }

    private void checkExtents(List<SafetensorsFile.Entry> entries, long dataStart, long fileLength) {
        long end = dataStart;
        String previous = null;
        for (SafetensorsFile.Entry entry : entries) {
            if (entry.begin() < end) {
                throw broken(entry.name(), "its bytes overlap those of " + previous);
            }
            if (entry.begin() > end) {
                throw broken(
                        entry.name(),
                        "bytes " + (end - dataStart) + " to " + (entry.begin() - dataStart)
                                + " before it belong to no tensor");
            }
            if (entry.end() > fileLength) {
                throw broken(
                        entry.name(),
                        "its bytes end at " + entry.end() + ", the file at " + fileLength
                                + ": the file is truncated, or its offsets are out of range");
            }
            end = entry.end();
            previous = entry.name();
        }
        if (end != fileLength) {
            throw new UserException(file + " has " + fileLength + " bytes, but its header describes only " + end);
        }
    }

    private UserException broken(String name, String what) {
        return new UserException(file + ": tensor " + name + ": " + what);
    }
}
