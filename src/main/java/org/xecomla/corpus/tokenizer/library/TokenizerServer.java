package org.xecomla.corpus.tokenizer.library;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.xecomla.errors.UserException;

/** The process of a {@link ChildProcess}: answers requests on standard input, one after the other, until it closes. */
final class TokenizerServer {
    static final byte OPEN = 1;
    static final byte IDS = 2;
    static final byte ENCODE = 3;
    static final byte DECODE = 4;

    /** First byte of an answer: what was asked for follows. */
    static final byte DONE = 1;
    /** First byte of an answer: a message follows. */
    static final byte REFUSED = 2;

    private final DataInputStream in;
    private final DataOutputStream out;
    private TokenizerLibrary library;

    private TokenizerServer(DataInputStream in, DataOutputStream out) {
        this.in = in;
        this.out = out;
    }

    public static void main(String[] arguments) throws IOException {
        // Whatever else is printed must not get between the answers.
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        TokenizerServer server = new TokenizerServer(
                new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in), 1 << 16)),
                new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16)));
        server.out.writeByte(DONE);
        server.out.flush();
        server.serve();
    }

    private void serve() throws IOException {
        while (true) {
            byte request;
            try {
                request = in.readByte();
            } catch (EOFException e) {
                return; // whoever asked has closed it or is no more
            }
            try {
                answer(request);
            } catch (UserException e) {
                out.writeByte(REFUSED);
                writeText(out, e.getMessage());
            }
            out.flush();
        }
    }

    private void answer(byte request) throws IOException {
        switch (request) {
            case OPEN -> {
                String file = readText(in);
                library = new InProcess(readText(in), file);
                out.writeByte(DONE);
            }
            case IDS -> {
                boolean special = in.readBoolean();
                int[] ids = library.ids(readText(in), special);
                out.writeByte(DONE);
                writeInts(out, ids);
            }
            case ENCODE -> {
                TokenizerLibrary.Encoded encoded = library.encode(readText(in));
                out.writeByte(DONE);
                writeInts(out, encoded.ids());
                writeInts(out, encoded.starts());
                writeInts(out, encoded.ends());
            }
            case DECODE -> {
                boolean skipSpecialTokens = in.readBoolean();
                int[] ids = readInts(in);
                long[] longs = new long[ids.length];
                for (int i = 0; i < ids.length; i++) {
                    longs[i] = ids[i];
                }
                String text = library.decode(longs, skipSpecialTokens);
                out.writeByte(DONE);
                writeText(out, text);
            }
            default -> throw new IOException("request " + request);
        }
    }

    static void writeText(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static String readText(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }

    static void writeInts(DataOutputStream out, int[] numbers) throws IOException {
        out.writeInt(numbers.length);
        for (int number : numbers) {
            out.writeInt(number);
        }
    }

    static int[] readInts(DataInputStream in) throws IOException {
        int[] numbers = new int[in.readInt()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = in.readInt();
        }
        return numbers;
    }
}
