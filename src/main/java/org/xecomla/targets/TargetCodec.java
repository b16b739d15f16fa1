package org.xecomla.targets;

import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.xecomla.config.RunConfig;
import org.xecomla.config.TargetsConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.nn.loss.SoftLabels;

/**
 * How a teacher's distributions over the vocabulary become bytes, one record a sequence, and back.
 *
 * <p>Legend: T positions of a sequence; V vocabulary. Probabilities are softmax(logits / temperature), the temperature
 * being part of the codec: what is stored cannot be brought to another one afterwards. Which token a row speaks of is
 * {@link TargetAlignment}'s.
 */
public sealed interface TargetCodec permits DenseCodec, TopKCodec, SampledCodec {
    /** The name in {@code targets.codec}. */
    default String name() {
        return settings().get("codec");
    }

    /** Capture temperature. */
    double temperature();

    /** Everything that the records depend on, for manifests and shard headers; {@link #of} is the inverse. */
    Map<String, String> settings();

    /**
     * Starts the record of one sequence.
     *
     * @param sequenceLength T
     * @param vocabSize V
     * @param sequence its global number: draws depend on it
     * @throws ConfigException where this codec cannot hold such a sequence
     */
    TargetEncoder encoder(int sequenceLength, int vocabSize, long sequence);

    /** The T rows of a record that was encoded with the same lengths. */
    SoftLabels decode(byte[] record, int sequenceLength, int vocabSize);

    /** About how long a record is, for the size of blocks. */
    long typicalRecordBytes(int sequenceLength, int vocabSize);

    /** The codec that a run's {@code targets} ask for. */
    static TargetCodec of(RunConfig config) {
        TargetsConfig targets = config.targets();
        return of(key -> switch (key) {
            case "codec" -> targets.codec().name().toLowerCase(Locale.ROOT);
            case "k" -> Integer.toString(targets.k());
            case "samples" -> Integer.toString(targets.samples());
            case "draws" -> targets.draws().name().toLowerCase(Locale.ROOT);
            case "temperature" -> Double.toString(targets.temperature());
            case "seed" -> Long.toString(config.run().seed());
            default -> throw new IllegalArgumentException("a codec has no setting " + key);
        });
    }

    /** The codec of these settings; unknown or missing ones are an error. */
    static TargetCodec of(UnaryOperator<String> settings) {
        double temperature = Double.parseDouble(settings.apply("temperature"));
        String name = settings.apply("codec");
        return switch (name) {
            case DenseCodec.NAME -> new DenseCodec(temperature);
            case TopKCodec.NAME -> new TopKCodec(temperature, Integer.parseInt(settings.apply("k")));
            case SampledCodec.NAME ->
                new SampledCodec(
                        temperature,
                        Integer.parseInt(settings.apply("samples")),
                        Draws.isStratified(settings.apply("draws")),
                        Long.parseLong(settings.apply("seed")));
            default ->
                throw new ConfigException("targets.codec = " + name + " is none of "
                        + String.join(", ", DenseCodec.NAME, TopKCodec.NAME, SampledCodec.NAME));
        };
    }

    /** Refuses a temperature that is not a positive number. */
    static void requirePositive(double temperature) {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new ConfigException("targets.temperature = " + temperature + " is not a positive number");
        }
    }
}
