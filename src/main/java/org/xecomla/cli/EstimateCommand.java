package org.xecomla.cli;

import java.io.PrintWriter;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.xecomla.bench.BenchContestant;
import org.xecomla.bench.BenchReport;
import org.xecomla.bench.BenchShape;
import org.xecomla.bench.OwnEngine;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.estimate.Estimate;
import org.xecomla.estimate.StageRates;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what a run will take before anybody starts it. */
@Command(
        name = "estimate",
        mixinStandardHelpOptions = true,
        description = "Hours, memory, bytes on disk and network of a run, from its configuration and the shapes of its "
                + "models."
                + " Rates are measured on this machine unless they are given.")
final class EstimateCommand implements Callable<Integer> {
    private static final int WARM_UP_SECONDS = 4;
    private static final int MEASURED_STEPS = 5;
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

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        requirePositive("--rate", rate);
        requirePositive("--tokeniser-rate", tokeniserRate);
        requirePositive("--network", network);
        requirePositive("--hours", hours);
        requirePositive("--corpus-tokens", corpusTokens);
        requirePositive("--pairs", pairs);
        RunConfig config = options.load(executorsOf(executors));
        Estimate estimate = Estimate.of(config, optional(corpusTokens), optional(pairs));
        PrintWriter console = spec.commandLine().getOut();
        estimate.lines(rates(config, estimate), hours).forEach(console::println);
        console.flush();
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
            int batch = options.load(settings).dpo().optimizer().batchSequences();
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
        return measure(config, tokens, bytes);
    }

    /** The engine on a small shape: a large one on the executor's own machine is faster rather than slower. */
    private static StageRates measure(RunConfig config, double tokens, double bytes) {
        BenchShape shape = BenchShape.of("S");
        BenchShape.Model model = BenchShape.Model.MLA;
        int threads = config.compute().threadsHere();
        try (Kernels kernels = ComputeKernels.of(config.compute(), threads);
                OwnEngine engine = new OwnEngine(
                        "xecomla",
                        shape,
                        model,
                        config.compute(),
                        kernels,
                        kernels,
                        BenchContestant.Clock.WALL,
                        WARM_UP_SECONDS)) {
            return new StageRates(
                    shape.trainingFlops(model, config.compute().recompute())
                            / seconds(engine, BenchContestant.Work.STEP),
                    shape.forwardFlops(model) / seconds(engine, BenchContestant.Work.FORWARD),
                    tokens,
                    bytes,
                    "measured here on " + threads + " threads, shape " + shape.name());
        }
    }

    private static double seconds(OwnEngine engine, BenchContestant.Work work) {
        return BenchReport.median(engine.millis(work, MEASURED_STEPS)) / 1e3;
    }
}
