package org.xecomla.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.xecomla.hostile.FuzzInput;

/**
 * Gives one reader what Jazzer draws: it ends in a value or in a line for people that names the file; whatever else is
 * thrown is found. Jazzer looks for the two methods by their names.
 */
public final class FuzzTarget {
    private static FuzzTarget target; // Jazzer calls static methods alone

    private final FuzzInput input;
    private final Path place;

    FuzzTarget(FuzzInput input, Path place) throws IOException {
        this.input = input;
        this.place = place;
        input.files().make(place);
    }

    /** @param arguments {@link FuzzInput#id} of the reader */
    public static void fuzzerInitialize(String[] arguments) throws IOException {
        FuzzInput input = FuzzInput.named(arguments[0]);
        target = new FuzzTarget(input, Files.createTempDirectory("fuzz"));
        target.read(input.seeds().make().get(0)); // loads classes, which no drawn file is to be blamed for
    }

    public static void fuzzerTestOneInput(byte[] drawn) throws IOException {
        target.read(drawn);
    }

    /** @throws IllegalStateException where it is refused as no file should be */
    void read(byte[] drawn) throws IOException {
        input.writer().write(place, drawn);
        try {
            input.reader().read(place);
        } catch (IOException | RuntimeException e) {
            Refusal refusal = Refusal.of(e, place, new String(drawn, StandardCharsets.UTF_8));
            if (refusal.kind() != Refusal.Kind.CLEAR) {
                throw new IllegalStateException(refusal.kind() + ": " + refusal.line(), e);
            }
        }
    }
}
