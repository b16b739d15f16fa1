package org.xecomla.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * Headers that the reference implementation (safetensors 0.8) accepts and refuses; T is {@code
 * {"dtype":"F32","shape":[2],"data_offsets":[0,8]}}. Two tensors of one name it accepts, and nobody knows which is
 * meant.
 */
class SafetensorsHeaderTest {
    private static final String T = "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";

    @TempDir
    private Path directory;

    private org.apache.hadoop.fs.Path file(byte[] header, int numBytes) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .array());
        bytes.write(header);
        bytes.write(new byte[numBytes]);
        return DataFiles.path(Files.write(directory.resolve("f.safetensors"), bytes.toByteArray())
                .toString());
    }

    private String error(org.apache.hadoop.fs.Path file) {
        String message = assertThrows(UserException.class, () -> SafetensorsFile.open(file))
                .getMessage();
        assertTrue(message.startsWith(DataFiles.display(file)), message);
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "{`a`:T} | 8 | 1",
                "^ {`a`:T}  ^ | 8 | 1",
                "{`a`:{`dtype`:`F32`,`shape`:[],`data_offsets`:[0,4]}} | 4 | 1",
                "{`a`:{`dtype`:`F32`,`shape`:[0],`data_offsets`:[0,0]}} | 0 | 1",
                "{`a`:T,`b`:{`dtype`:`F32`,`shape`:[0],`data_offsets`:[8,8]}} | 8 | 2",
                "{`a`:T,`b`:{`dtype`:`F32`,`shape`:[0],`data_offsets`:[0,0]}} | 8 | 2",
                "{`b`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[8,16]},`a`:T} | 16 | 2",
                "{} | 0 | 0",
                "{`__metadata__`:{`a`:`b`}} | 0 | 0",
                "{`__metadata__`:null,`a`:T} | 8 | 1",
                "{`a`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,8],`x`:1}} | 8 | 1",
                "{`a`:{`dtype`:`F32`,`shape`:[0,4611686018427387904,16],`data_offsets`:[0,0]}} | 0 | 1",
                "{`\\u0061`:T} | 8 | 1",
                "{``:T} | 8 | 1",
                "{`a`:{`dtype`:`F8_E8M0`,`shape`:[8],`data_offsets`:[0,8]}} | 8 | 1",
                "{`a`:{`dtype`:`C64`,`shape`:[1],`data_offsets`:[0,8]}} | 8 | 1"
            })
    void accepted(String header, int numBytes, int numTensors) throws IOException {
        assertEquals(
                numTensors,
                SafetensorsFile.open(file(text(header), numBytes)).entries().size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "{`a`:T} x | 8 | has a broken safetensors header",
                "{`a`:T}{} | 8 | text follows the JSON object",
                "\uFEFF{`a`:T} | 8 | has a broken safetensors header",
                "{`a`:T,`a`:T} | 8 | the key \"a\" stands twice",
                "{`\\u0061`:T,`a`:T} | 8 | the key \"a\" stands twice",
                "{`__metadata__`:{`a`:1},`a`:T} | 8 | __metadata__ holds 1 for a, not a string",
                "{`__metadata__`:{`a`:null},`a`:T} | 8 | __metadata__ holds null for a, not a string",
                "{`__metadata__`:[],`a`:T} | 8 | __metadata__ is no object",
                "{`a`:null} | 0 | tensor a: dtype",
                "{`a`:{`shape`:[2],`data_offsets`:[0,8]}} | 8 | tensor a: dtype",
                "{`a`:{`dtype`:`f32`,`shape`:[2],`data_offsets`:[0,8]}} | 8 | dtype `f32` is none of those",
                "{`a`:{`dtype`:`F32`,`shape`:[2.0],`data_offsets`:[0,8]}} | 8 | shape holds 2.0",
                "{`a`:{`dtype`:`F32`,`shape`:[-2],`data_offsets`:[0,8]}} | 8 | shape holds -2",
                "{`a`:{`dtype`:`F32`,`shape`:[`2`],`data_offsets`:[0,8]}} | 8 | shape holds `2`",
                "{`a`:{`dtype`:`F32`,`shape`:null,`data_offsets`:[0,8]}} | 8 | shape is missing or no list",
                "{`a`:{`dtype`:`F32`,`shape`:[18446744073709551615],`data_offsets`:[0,8]}} | 8 | shape holds 1844",
                "{`a`:{`dtype`:`F32`,`shape`:[4611686018427387904,4],`data_offsets`:[0,0]}} | 0 | too large for "
                        + "any file",
                "{`a`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,8,8]}} | 8 | are not a begin and an end",
                "{`a`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[8,0]}} | 8 | are not a begin and an end",
                "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[4,8]}} | 8 | belong to no tensor",
                "{`a`:T,`b`:T} | 8 | overlap",
                "{`a`:T,`b`:{`dtype`:`F32`,`shape`:[0],`data_offsets`:[4,4]}} | 8 | overlap",
                "{`a`:T} | 9 | but its header describes only",
                "{`a`:T} | 7 | the file is truncated",
                "{} | 2 | but its header describes only",
                "{`a\\ud800`:T} | 8 | half a character",
                "{`a`:{`dtype`:`F32`,`shape`:[NaN],`data_offsets`:[0,8]}} | 8 | has a broken safetensors header",
                "{/*x*/`a`:T} | 8 | has a broken safetensors header",
                "{`a`:T,} | 8 | has a broken safetensors header",
                "{`a`:{`dtype`:`F32`,`shape`:[02],`data_offsets`:[0,8]}} | 8 | has a broken safetensors header",
                "[] | 0 | is not a JSON object",
                "null | 0 | is not a JSON object"
            })
    void refused(String header, int numBytes, String reason) throws IOException {
        String message = error(file(text(header), numBytes));
        assertTrue(message.contains(reason.replace('`', '"')), message);
    }

    @Test
    void bytesThatAreNoText() throws IOException {
        byte[] header = text("{`a!`:T}");
        header[3] = (byte) 0xFF;
        assertTrue(error(file(header, 8)).endsWith("it is not UTF-8"));
        String utf16 = "{\"a\":" + T + "}";
        assertTrue(error(file(utf16.getBytes(StandardCharsets.UTF_16LE), 8)).contains("header"));
    }

    @Test
    void filesThatAreSomethingElse() throws IOException {
        Path file = directory.resolve("g.safetensors");
        org.apache.hadoop.fs.Path path = DataFiles.path(file.toString());
        Files.writeString(file, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        assertTrue(error(path).endsWith("it is a Git LFS pointer, fetch the file itself (git lfs pull)"));
        Files.writeString(file, "<!DOCTYPE html><html></html>");
        assertTrue(error(path).contains("web page"));
        Files.write(
                file,
                ByteBuffer.allocate(12)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(90_000_000)
                        .array());
        assertTrue(error(path).contains("is truncated: its header has 90000000 bytes, the whole file 12"));
        Files.write(file, new byte[3]);
        assertTrue(error(path).startsWith(DataFiles.display(path)));
    }

    private static byte[] text(String header) {
        return header.replace('`', '"').replace(":T", ":" + T).getBytes(StandardCharsets.UTF_8);
    }
}
