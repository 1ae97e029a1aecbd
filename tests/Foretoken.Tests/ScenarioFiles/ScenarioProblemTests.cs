using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

/// <summary>Every kind of mistake in a scenario, and what the user reads about it.</summary>
public sealed class ScenarioProblemTests
{
    private const string Good = "workload: {preset: chat}\n";

    [Fact]
    public void Load_ManyMistakes_ReportsEachWithItsPlace() => Snapshot.Match("scenario-problems.txt", Problems("""
        nmae: chat
        seed: -7
        workload: {trace: {path: x.jsonl, speedup: 0}, preset: chat}
        fleet:
          replicas: 0
          routing: randon
          replcas: 3
          max_num_seqs: 4
        engine:
          max-num-seqs: 256
          num_gpu_blocks: lots
          num_gpu_blocks_override: 5
          enable_prefix_caching: yes
          max_model_len: 32K
          kv_cache_memory_bytes: 80
          kv_cache_groups: full
          watermark: 1.5
        step_time: {source: fixed, prefill: 20, decode_ms: 0.01s}
        slo: {ttft: {p95: 2 parsecs}, output_tokens_per_second_per_user: {p6: 20}}
        run: [fast]
        """));

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("# only a remark\n", "is empty")]
    [InlineData("~\n", "is empty")]
    [InlineData("just words\n", "expected a map")]
    [InlineData("- a\n- b\n", "expected a map")]
    [InlineData("name: x\n", "lacks 'workload'")]
    [InlineData("workload: {preset: chat}\n---\nworkload: {preset: chat}\n", "s.yaml:2:1: a second document begins here")]
    [InlineData("workload:\n\tpreset: chat\n", "s.yaml:2:1: a tab is used to indent")]
    [InlineData("workload: {preset: chat\n", "is not readable as YAML")]
    [InlineData("workload: [\n", "is not readable as YAML")]
    [InlineData("workload: {preset: chat}\nworkload: {preset: agent}\n", "s.yaml:2:1: the key 'workload' stands here a second time (the first is at s.yaml:1:1")]
    [InlineData("workload: *nowhere\n", "alias '*nowhere' has no finished anchor")]
    [InlineData("workload: !!python/object {preset: chat}\n", "tag")]
    [InlineData("<<: {a: 1}\nworkload: {preset: chat}\n", "merge keys are not read")]
    [InlineData("? [a]\n: b\nworkload: {preset: chat}\n", "is used as a key")]
    [InlineData(Good + "seed: 1.5\n", "'1.5' is not whole")]
    [InlineData(Good + "seed: {a: 1}\n", "seed: is a map (expected a whole number, at least 0)")]
    [InlineData(Good + "seed:\n", "seed: is nothing")]
    [InlineData(Good + "name: ''\n", "name: is empty")]
    [InlineData(Good + "fleet: {replicas: 70000}\n", "from 1 to 65534")]
    [InlineData(Good + "fleet: {routing: {policy: kv}}\n", "expected one of round_robin")]
    [InlineData(Good + "engine: {max_num_seqs: 100, max_num_batched_tokens: 50}\n", "max_num_batched_tokens (50) is smaller than max_num_seqs (100)")]
    [InlineData(Good + "engine: {enable_chunked_prefill: false, max_num_batched_tokens: 4096, max_model_len: 8192}\n", "smaller than max_model_len (8192) while enable_chunked_prefill is false")]
    [InlineData(Good + "engine: {num_gpu_blocks: 100, max_model_len: 2000}\n", "2000 does not fit into the KV cache: a request of that length needs 125 blocks, and 99 of 100 are usable (at most 1584")]
    [InlineData(Good + "engine: {num_gpu_blocks: 1}\n", "'1' is out of range (expected a whole number, at least 2)")]
    [InlineData(Good + "engine: {num_gpu_blocks: 2, kv_cache_groups: [full, 64]}\n", "too few for one token in 2 KV cache groups")]
    [InlineData(Good + "engine: {kv_cache_memory_bytes: 40GiB}\n", "needs the size of a token's KV cache")]
    [InlineData(Good + "engine: {kv_cache_memory_bytes: 40GiB, num_gpu_blocks: 5}\nmodel: {kv_bytes_per_token: 1KiB}\n", "contradicts num_gpu_blocks")]
    [InlineData(Good + "engine: {speculative_config: {method: ngram, num_speculative_tokens: 2, synthetic_acceptance_rates: [0.5]}}\n", "has 1 numbers for 2 draft tokens")]
    [InlineData(Good + "engine: {speculative_config: {method: eagle, num_speculative_tokens: 2, synthetic_acceptance_rates: [0.5, 0.7]}}\n", "is larger than the one before it")]
    [InlineData(Good + "engine: {async_scheduling: true, speculative_config: {method: ngram, num_speculative_tokens: 1, synthetic_acceptance_rates: [0.5]}}\n", "cannot be true with ngram speculation")]
    [InlineData(Good + "step_time: {source: fixed, prefill: 0ms, decode: 1ms}\n", "'0ms' is out of range")]
    [InlineData(Good + "step_time: {source: polynomial, prefill: 1ms}\n", "does not apply to source: polynomial (it belongs to source: fixed)")]
    [InlineData(Good + "slo: {ttft: {}}\n", "bounds nothing")]
    [InlineData(Good + "run: {time_limit: 0s}\n", "'0s' is out of range")]
    [InlineData("workload: {requests: 10}\n", "s.yaml:1:11: workload.arrivals: is required (or closed_loop)")]
    [InlineData("workload: {preset: chat, arrivals: {process: bursty, states: [{rate: 1, dwell: 1s}]}}\n", "has 1 elements")]
    [InlineData("workload: {preset: chat, input_tokens: {mean: 5}}\n", "lacks 'distribution'")]
    [InlineData("workload: {preset: chat, input_tokens: {distribution: normal, sigma: 5}}\n", "workload.input_tokens")]
    [InlineData("workload: {preset: chat, closed_loop: {ramp: 5s}}\n", "lacks 'concurrency'")]
    [InlineData("workload: {trace: {speedup: 2}}\n", "lacks 'path'")]
    public void Load_OneMistake_SaysWhatIsWrong(string text, string expected) => Assert.Contains(expected, Problems(text), StringComparison.Ordinal);

    [Fact]
    public void Load_AnchorsAndAliases_AreRead()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), "workload:\n  preset: chat\n  input_tokens: &n {distribution: fixed, value: 12}\n  output_tokens: *n\n");
        Assert.Contains("workload.output_tokens.value", ScenarioText.Explain(ScenarioFile.Load(folder.PathOf("s.yaml"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AliasesThatMultiply_AreRefused()
    {
        var text = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + string.Concat("bcdefgh".Select((c, i) => $"{c}: &{c} [{string.Join(", ", Enumerable.Repeat("*" + "abcdefg"[i], 10))}]\n"));
        Assert.Contains("more than 1000000 values", Problems(text), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DeepNesting_IsRefused() =>
        Assert.Contains("nested more than 64 deep", Problems("workload: " + new string('[', 5000)), StringComparison.Ordinal);

    [Theory]
    [InlineData("nothing", "--set nothing: has no '=' after a path")]
    [InlineData("fleet..replicas=3", "'fleet..replicas' is not a path")]
    [InlineData("fleet.replicas=0", "--set fleet.replicas=0: fleet.replicas: '0' is out of range")]
    [InlineData("fleet.replica=3", "--set fleet.replica=3: fleet.replica: is an unknown key (did you mean replicas?)")]
    [InlineData("fleet.replicas=[", "the value is not readable as YAML")]
    [InlineData("workload.arrivals.states[5].rate=3", "is an unknown key|is not a place in it|expected")]
    public void Set_Bad_NamesTheOption(string assignment, string expected)
    {
        var problems = Problems(Good, new ScenarioOverrides().Set(assignment));
        Assert.Contains(expected.Split('|'), e => problems.Contains(e, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_MissingFile_SuggestsTheOneThatWasMeant()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("chat.yaml"), Good);
        var e = Assert.Throws<InputException>(() => ScenarioFile.Load(folder.PathOf("chta.yaml")));
        Assert.Contains("chat.yaml?", e.Problems[0].Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Directory_SaysSo() =>
        Assert.Contains("is a directory", Assert.Throws<InputException>(() => ScenarioFile.Load(Repository.PathOf("examples"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_Binary_IsNoText()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.PathOf("s.yaml"), [0x1f, 0x8b, 0xff, 0xfe]);
        Assert.Contains("is not text in UTF-8", Assert.Throws<InputException>(() => ScenarioFile.Load(folder.PathOf("s.yaml"))).Message, StringComparison.Ordinal);
    }

    private static string Problems(string text, ScenarioOverrides? overrides = null)
    {
        using var folder = new TemporaryFolder();
        var file = folder.PathOf("s.yaml");
        File.WriteAllText(file, text);
        var e = Assert.Throws<InputException>(() => ScenarioFile.Load(file, overrides));
        return string.Concat(e.Problems.Select(p => p + "\n")).Replace(file, "s.yaml", StringComparison.Ordinal);
    }
}
