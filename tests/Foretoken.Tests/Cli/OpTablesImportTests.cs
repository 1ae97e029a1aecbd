using Foretoken.Cli;
using Foretoken.Cli.Commands;
using Foretoken.Cli.OpTables;
using Foretoken.Hardware.OpTables;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Cli;

public sealed class OpTablesImportTests : IDisposable
{
    private const string Gemm = "gemm/vllm/0.19.0/gemm_perf.parquet";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Import_WithoutTheLibrary_IsOneLineAndExitCodeTwo()
    {
        Write("h100_sxm.yaml", "gpu: {}");
        Write("h100_sxm/" + Gemm, "x");
        var outcome = CliProcess.Shell($"FORETOKEN_DUCKDB=/nowhere/libduckdb.so $F optables import {_folder.Path} --out {_folder.PathOf("t.ftop")}");
        Assert.Equal(ExitCodes.BadInput, outcome.ExitCode);
        Assert.Equal(1, outcome.Error.Count(c => c == '\n'));
        Assert.Contains("FORETOKEN_DUCKDB names /nowhere/libduckdb.so, which cannot be loaded", outcome.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.PathOf("t.ftop")));
    }

    [Theory]
    [InlineData("nowhere", "there is no such file or folder")]
    [InlineData("empty", "holds no system")]
    [InlineData("two", "holds 2 systems: a.yaml, b.yaml")]
    [InlineData("gone/a.yaml", "there is no such system: no folder ")]
    [InlineData("bare", "holds no parquet files")]
    [InlineData("list/a.yaml", "is not a system of aiconfigurator's")]
    public void Import_WithoutASystem_SaysWhatIsThere(string path, string message)
    {
        Directory.CreateDirectory(_folder.PathOf("empty"));
        Write("two/a.yaml", "gpu: {}");
        Write("two/b.yaml", "gpu: {}");
        Write("gone/a.yaml", "data_dir: data/a");
        Write("bare/a.yaml", "gpu: {}");
        Directory.CreateDirectory(_folder.PathOf("bare/a"));
        Write("list/a.yaml", "- 1");
        Assert.Contains(message, Problems(_folder.PathOf(path)), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_SmallTable_IsWhatStandsInIt()
    {
        DuckDbLibraryForTests.Require();
        Parquet(Gemm, "SELECT * FROM (VALUES ('bfloat16', 16, 512, 256, 0.5), ('bfloat16', 1, 512, 256, 0.25), ('bfloat16', 1, 512, 256, 0.125)) t(gemm_dtype, m, n, k, latency)");
        Parquet("comm/nccl/2.27.3/nccl_perf.parquet", "SELECT 'all_reduce' op_name, d nccl_dtype, 8 num_gpus, 1024 message_size, 0.01 latency FROM (VALUES ('half'), ('int8')) t(d)");
        var outcome = OperatorTableImport.Read(_folder.Path);
        Assert.Equal("h100_sxm", outcome.Set.System);
        var gemm = outcome.Set.Tables[0];
        Assert.Equal((OperatorKind.Gemm, "vllm", "0.19.0", 2), (gemm.Kind, gemm.Backend, gemm.Version, gemm.Points));
        Assert.Equal([125f, 500], gemm.Grids[0].Rows[0].Us);
        Assert.Equal([2048L], outcome.Set.Tables[1].Grids[0].Rows[0].At);
        Assert.Equal(2, outcome.Notes.Count);
        Assert.Contains("1 rows measure a point again", outcome.Notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Import_OlderTables_AreReadAsTheyWereMeant()
    {
        DuckDbLibraryForTests.Require();
        Parquet("vllm/0.11.0/generation_attention_perf.parquet", "SELECT 'fp8' kv_cache_dtype, 4 batch_size, 1 isl, 8 num_heads, 0 num_key_value_heads, 127 step, 0.5 latency");
        Parquet("trtllm/1.0.0/context_mla_perf.parquet", "SELECT 'bfloat16' mla_dtype, 'fp8' kv_cache_dtype, 4 batch_size, 512 isl, 8 tp_size, 0.5 latency");
        var outcome = OperatorTableImport.Read(_folder.Path);
        Assert.Equal([128L, 0, 8, 8], outcome.Set.Tables[0].Grids[0].Sizes);
        Assert.Equal([128L], outcome.Set.Tables[0].Grids[0].Rows[0].At);
        Assert.Equal([16L], outcome.Set.Tables[1].Grids[0].Sizes);
        Assert.Contains(outcome.Notes, n => n.EndsWith("context_mla_perf.parquet has no num_heads: taken as 128 // tp_size", StringComparison.Ordinal));
    }

    [Fact]
    public void Import_BadTables_ListsEveryProblemWithFileAndColumn()
    {
        DuckDbLibraryForTests.Require();
        Parquet(Gemm, "SELECT 'bfloat16' gemm_dtype, 'many' m, 512 n, 0.5 latency");
        Parquet("gemm/sglang/0.5.14/gemm_perf.parquet", "SELECT * FROM (VALUES ('bfloat16', 16, 512, 256, -0.5), (NULL, 1, 0, 256, 0.25)) t(gemm_dtype, m, n, k, latency)");
        Parquet("moe/vllm/0.19.0/moe_perf.parquet", "SELECT 'fp8' moe_dtype, 'balanced' distribution, 1 num_tokens, 1 hidden_size, 1 inter_size, 1 topk, 1 num_experts, 1 moe_tp_size, 1 moe_ep_size, 0.5 latency LIMIT 0");
        Parquet("vllm/0.19.0/gemm_perf.parquet", "SELECT 1 x");
        Parquet("gemm_perf.parquet", "SELECT 1 x");
        Write("h100_sxm/attention/vllm/0.19.0/context_attention_perf.parquet", "version https://git-lfs.github.com/spec/v1");
        Write("h100_sxm/attention/vllm/0.19.0/generation_attention_perf.parquet", "junk");
        var problems = Problems(_folder.Path);
        foreach (var part in (string[])
        [
            Gemm + ": m: the column is of type VARCHAR (whole numbers)",
            Gemm + ": k: the column is missing (needed are gemm_dtype, m, n, k, latency)",
            "sglang/0.5.14/gemm_perf.parquet: latency: not above 0: 1 of 2 rows: 1",
            "sglang/0.5.14/gemm_perf.parquet: dtype: no value: 1 of 2 rows: 2",
            "sglang/0.5.14/gemm_perf.parquet: n: not above 0: 1 of 2 rows: 2",
            "moe_perf.parquet: the table is empty",
            "vllm/0.19.0/gemm_perf.parquet: is a second table of vllm 0.19.0",
            "h100_sxm/gemm_perf.parquet: does not tell its backend and version",
            "context_attention_perf.parquet: cannot be read",
            "git lfs pull",
            "generation_attention_perf.parquet: cannot be read",
        ])
        {
            Assert.Contains(part, problems, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Import_ProblemsFound_LeavesNoFile()
    {
        DuckDbLibraryForTests.Require();
        Parquet(Gemm, "SELECT 1 x");
        Assert.Throws<InputException>(() => OpTablesCommand.Import(_folder.Path, _folder.PathOf("t.ftop"), null, force: false, TextWriter.Null, TextWriter.Null));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*t.ftop*"));
    }

    [Fact]
    public void Import_TheSample_GivesTheSameBytesEachTime()
    {
        DuckDbLibraryForTests.Require();
        var yaml = SharedData.Require("optables/h100_sxm.yaml");
        var (first, second) = (_folder.PathOf("1"), _folder.PathOf("2"));
        var output = new StringWriter();
        Assert.Equal(ExitCodes.Ok, OpTablesCommand.Import(yaml, first, null, force: false, output, TextWriter.Null));
        Assert.Equal(ExitCodes.Ok, OpTablesCommand.Import(Path.GetDirectoryName(yaml)!, second, null, force: false, TextWriter.Null, TextWriter.Null));
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        Assert.Contains("gemm                  vllm 0.19.0: 101003 points, 1365 shapes", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("h100_sxm: 6 tables, 229216 points", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("exists", Assert.Throws<InputException>(() => OpTablesCommand.Import(yaml, first, null, force: false, TextWriter.Null, TextWriter.Null)).Message, StringComparison.Ordinal);
    }

    private static string Problems(string path) =>
        string.Join('\n', Assert.Throws<InputException>(() => OperatorTableImport.Read(path)).Problems);

    private void Parquet(string inside, string query)
    {
        Write("h100_sxm.yaml", "gpu: {}");
        var path = _folder.PathOf("h100_sxm/" + inside);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var database = new DuckDb();
        database.Rows($"COPY ({query}) TO {DuckDb.Quote(path)} (FORMAT parquet)", _ => { });
    }

    private void Write(string inside, string text)
    {
        var path = _folder.PathOf(inside);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
