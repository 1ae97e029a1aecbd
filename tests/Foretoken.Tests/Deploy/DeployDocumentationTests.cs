using System.Globalization;
using System.Text;
using Foretoken.Deploy.Flags;
using Foretoken.Deploy.Targets;
using Foretoken.Hardware.Memory;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Deploy;

/// <summary>docs/deploy.md lists every target with its reach and every flag with its release. FORETOKEN_ACCEPT=1 writes both.</summary>
public sealed class DeployDocumentationTests
{
    private const string Page = "docs/deploy.md";

    [Fact]
    public void Tables_OfThePage_AreThoseOfTheCode()
    {
        var text = File.ReadAllText(Repository.PathOf(Page));
        text = Between(text, "targets", Targets());
        Snapshot.MatchFile(Page, Between(text, "flags", Flags()));
    }

    private static string Targets()
    {
        var table = new StringBuilder("| target | writes | engines | divided | pools of one role | replicas over machines | routers | scalers | checked against |\n|---|---|---|---|---|---|---|---|---|\n");
        foreach (var target in DeployTargets.All)
        {
            var reach = target.Reach;
            var engines = reach.Engines.Select(e => e switch { EngineKind.Sglang => "SGLang", EngineKind.TensorRtLlm => "TensorRT-LLM", _ => "vLLM" });
            table.Append(CultureInfo.InvariantCulture, $"| `{target.Name}` | {target.Meaning} | {string.Join(", ", engines)} | {Yes(reach.Divides)} | {(reach.ManyPools ? "many" : "one")} | {Yes(reach.ManyNodes)} | {Names(reach.Routers)} | {Names(reach.Scalers)} | {reach.Schema} |\n");
        }

        return table.ToString();
    }

    private static string Flags()
    {
        var table = new StringBuilder("| engine | key | flag | since |\n|---|---|---|---|\n");
        foreach (var (engine, flags) in new[] { ("vLLM", VllmFlags.Flags), ("SGLang", SgLangFlags.Flags), ("TensorRT-LLM", TrtLlmFlags.Flags) })
        {
            foreach (var flag in flags)
            {
                table.Append(CultureInfo.InvariantCulture, $"| {engine} | `{flag.Key}` | `{flag.Flag}` | {flag.Since?.ToString() ?? ""} |\n");
            }
        }

        return table.ToString();
    }

    private static string Yes(bool value) => value ? "yes" : "no";

    private static string Names(IReadOnlyList<string> names) => string.Join(", ", names.Select(n => $"`{n}`"));

    private static string Between(string text, string mark, string content)
    {
        var open = $"<!-- {mark} -->\n";
        var start = text.IndexOf(open, StringComparison.Ordinal) + open.Length;
        var end = text.IndexOf($"<!-- /{mark} -->", start, StringComparison.Ordinal);
        Assert.True(start >= open.Length && end >= start);
        return text[..start] + content + text[end..];
    }
}
