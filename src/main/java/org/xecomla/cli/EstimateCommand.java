package org.xecomla.cli;

import java.io.PrintWriter;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.xecomla.bench.MeasuredRates;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.estimate.Estimate;
import org.xecomla.estimate.StageRates;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what a run will take before anybody starts it. */
@Command(
        name = "estimate",
        mixinStandardHelpOptions = true,
        description = "Hours, memory, bytes on disk and network of a run, from its configuration and"
                + " the shapes of its models."
                + " Rates are measured on this machine unless they are given.")
final class EstimateCommand extends ConfiguredCommand {
    private static final double ASSUMED_TOKENS_PER_SECOND = 200_000;
    private static final double BYTES_PER_GIGABIT = 1e9 / Byte.SIZE;

    @Option(
            names = "--executors",
            paramLabel = "N",
            description = "Executors, each with one replica. Default: distill.replicas.")
    private Integer executors;

    @Option(
            names = "--rate",
            paramLabel = "TOKENS/S",
            description = "What one executor distils in a second, as a run or bench shows it. Default: measured here.")
    private Double rate;

    @Option(
            names = "--corpus-tokens",
            paramLabel = "N",
            description = "Tokens of corpus.train. Default: counted, where the text is here, else distill.tokens.")
    private Long corpusTokens;

    @Option(
            names = "--pairs",
            paramLabel = "N",
            description =
                    "Preferences of dpo.train. Default: counted, where they are here; else that stage has no price.")
    private Long pairs;

    @Option(
            names = "--tokeniser-rate",
            paramLabel = "TOKENS/S",
            description = "What one core tokenises in a second. Default: measured on corpus.train, else 200000.")
    private Double tokeniserRate;

    @Option(
            names = "--network",
            paramLabel = "GBIT/S",
            description = "Of an executor, each way, to the others and to storage. Default: ${DEFAULT-VALUE}.")
    private double network = 10;

    @Option(
            names = "--hours",
            paramLabel = "H",
            description =
                    "Time that the distillation may take, for the rate that it then needs. Default: ${DEFAULT-VALUE}.")
    private double hours = 24;

    @Override
    int run(PrintWriter console) {
        requirePositive("--rate", rate);
        requirePositive("--tokeniser-rate", tokeniserRate);
        requirePositive("--network", network);
        requirePositive("--hours", hours);
        requirePositive("--corpus-tokens", corpusTokens);
        requirePositive("--pairs", pairs);
        RunConfig config = config(executorsOf(executors));
        Estimate estimate = Estimate.of(config, optional(corpusTokens), optional(pairs));
        estimate.lines(rates(config, estimate), hours).forEach(console::println);
        return 0;
    }

    private static void requirePositive(String option, Number value) {
        if (value != null && !(value.doubleValue() > 0 && Double.isFinite(value.doubleValue()))) {
            throw new ConfigException(option + " " + value + " is not above 0");
        }
    }

    private static OptionalLong optional(Long value) {
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    /** The preference stage takes as many of the executors as share its batch. */
    private Map<String, String> executorsOf(Integer executors) {
        Map<String, String> settings = new LinkedHashMap<>();
        if (executors != null) {
            settings.put("distill.replicas", executors.toString());
            settings.put("spark.executor-instances", executors.toString());
            settings.put("dpo.replicas", "1");
            int batch = config(settings).dpo().optimizer().batchSequences();
            BigInteger shared = BigInteger.valueOf(executors).gcd(BigInteger.valueOf(batch));
            settings.put("dpo.replicas", shared.toString());
        }
        return settings;
    }

    private StageRates rates(RunConfig config, Estimate estimate) {
        double tokens = tokeniserRate != null
                ? tokeniserRate
                : estimate.tokensPerSecond().orElse(ASSUMED_TOKENS_PER_SECOND);
        double bytes = network * BYTES_PER_GIGABIT;
        if (rate != null) {
            // A forward pass is taken to be as fast as training: it is the same products.
            double flops = rate * estimate.trainingFlopsPerToken();
            return new StageRates(flops, flops, tokens, bytes, "given");
        }
        return MeasuredRates.here(config.compute(), tokens, bytes);
    }
}
