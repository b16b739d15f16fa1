package org.xecomla.corpus.tokenizer.library;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import ai.djl.util.Utils;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.xecomla.errors.UserException;

/**
 * The library in a process of its own: one that ends, takes all memory or never answers is an error that names the
 * tokenizer and the text. One request at a time.
 */
final class ChildProcess implements TokenizerLibrary {
    /** Address space, of which the heap and the rest of a JVM take a third. */
    private static final int MAX_KIBIBYTES = 6 << 20;

    private static final List<String> JVM_OPTIONS = List.of(
            "-Xmx1g",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:CompressedClassSpaceSize=64m",
            "-XX:ReservedCodeCacheSize=48m");

    private static final int START_SECONDS = 60;
    private static final int ANSWER_SECONDS = 5;
    /** Bytes of a request that give it one more second. */
    private static final int BYTES_A_SECOND = 1 << 18;

    private static final int SHOWN_CHARS = 24;

    private final Process process;
    private final String file;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final CompletableFuture<Optional<String>> panic;

    private ChildProcess(Process process, String file) {
        this.process = process;
        this.file = file;
        this.in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
        this.out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
        this.panic = CompletableFuture.supplyAsync(this::readPanic);
    }

    static ChildProcess start(String json, String file) {
        ChildProcess child;
        try {
            child = new ChildProcess(new ProcessBuilder(command()).start(), file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " needs a process of its own: " + e.getMessage(), e);
        }
        try {
            child.ask(START_SECONDS, "cannot be opened", out -> {}, in -> null);
            child.ask(
                    limit(json.length()),
                    "cannot be opened",
                    out -> {
                        out.writeByte(TokenizerServer.OPEN);
                        TokenizerServer.writeText(out, file);
                        TokenizerServer.writeText(out, json);
                    },
                    in -> null);
            return child;
        } catch (RuntimeException e) {
            child.close();
            throw e;
        }
    }

    /** By a shell, which bounds what the process may take. */
    private static List<String> command() {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Stream<String> shell = Stream.of(
                "/bin/sh",
                "-c",
                "ulimit -c 0; ulimit -v " + MAX_KIBIBYTES + "; exec \"$@\"",
                "xecomla-tokenizer",
                java);
        Stream<String> what = Stream.of("-cp", classPath(), TokenizerServer.class.getName());
        return Stream.of(shell, JVM_OPTIONS.stream(), what).flatMap(s -> s).toList();
    }

    private static String classPath() {
        return Stream.of(TokenizerServer.class, TokenizersLibrary.class, Utils.class, Logger.class)
                .map(ChildProcess::place)
                .distinct()
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static String place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int limit(long numBytes) {
        return ANSWER_SECONDS + (int) (numBytes / BYTES_A_SECOND);
    }

    private interface Request {
        void write(DataOutputStream out) throws IOException;
    }

    private interface Answer<T> {
        T read(DataInputStream in) throws IOException;
    }

    /** @param failure what could not be done, for the message */
    private synchronized <T> T ask(int seconds, String failure, Request request, Answer<T> answer) {
        CompletableFuture<Void> late = new CompletableFuture<>();
        late.completeOnTimeout(null, seconds, TimeUnit.SECONDS);
        CompletableFuture<Void> stop = late.thenRun(process::destroyForcibly);
        try {
            request.write(out);
            out.flush();
            if (in.readByte() == TokenizerServer.DONE) {
                return answer.read(in);
            }
            throw new UserException(TokenizerServer.readText(in));
        } catch (IOException e) {
            throw new UserException(file + " " + failure + ": " + reason(stop.isDone(), seconds), e);
        } finally {
            late.cancel(false);
        }
    }

    private String reason(boolean wasStopped, int seconds) {
        if (wasStopped) {
            return "the tokenizers library has no answer after " + seconds + " s; one of its expressions or rules"
                    + " has no end";
        }
        String said = panic.completeOnTimeout(Optional.empty(), 1, TimeUnit.SECONDS)
                .join()
                .map(line -> " (" + line + ")")
                .orElse("");
        return "the tokenizers library breaks off over it" + said
                + "; one of its expressions, maps or rules is not what the library can work with";
    }

    /** What the library says of its end: the line after the place in its sources, or all of an error of memory. */
    private Optional<String> readPanic() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            String said = null;
            boolean follows = false;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (said == null && (follows || line.startsWith("memory allocation of"))) {
                    said = line.strip();
                }
                follows = line.contains("panicked at");
            }
            return Optional.ofNullable(said);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public int[] ids(String text, boolean special) {
        return ask(
                limit(text.length()),
                cannotEncode(text),
                out -> {
                    out.writeByte(TokenizerServer.IDS);
                    out.writeBoolean(special);
                    TokenizerServer.writeText(out, text);
                },
                TokenizerServer::readInts);
    }

    @Override
    public Encoded encode(String text) {
        return ask(
                limit(text.length()),
                cannotEncode(text),
                out -> {
                    out.writeByte(TokenizerServer.ENCODE);
                    TokenizerServer.writeText(out, text);
                },
                in -> new Encoded(
                        TokenizerServer.readInts(in), TokenizerServer.readInts(in), TokenizerServer.readInts(in)));
    }

    private static String cannotEncode(String text) {
        String shown = text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "...";
        return "cannot encode a text of " + text.length() + " characters (\"" + shown + "\")";
    }

    @Override
    public String decode(long[] ids, boolean skipSpecialTokens) {
        int[] numbers = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            numbers[i] = Math.toIntExact(ids[i]);
        }
        return ask(
                limit(4L * ids.length),
                "cannot decode " + ids.length + " tokens",
                out -> {
                    out.writeByte(TokenizerServer.DECODE);
                    out.writeBoolean(skipSpecialTokens);
                    TokenizerServer.writeInts(out, numbers);
                },
                TokenizerServer::readText);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
