using System.CommandLine;
using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Tracing;

namespace Foretoken.Cli.Simulation;

/// <summary>The options of those who want to hear what happens inside a run.</summary>
internal sealed class ListenOptions
{
    private readonly Option<string?> _explain = new("--explain-request")
    {
        Description = "Tell one request's whole life in words, and where its time went (the index in requests.csv).",
        HelpName = "ID",
    };

    public void AddTo(Command command) => command.Add(_explain);

    /// <summary>Whoever listens to a run of this plan.</summary>
    /// <exception cref="InputException">An option cannot be used.</exception>
    public Listening Prepare(ParseResult parsed, RunPlan plan)
    {
        LifeTrace? life = null;
        if (parsed.GetValue(_explain) is { } id)
        {
            life = new LifeTrace(Request(id, plan.Source.Count), plan.Pools[0].Engine.KvBlocks);
        }

        return new Listening(life, parsed.GetValue(_explain));
    }

    private static int Request(string id, long count)
    {
        var range = count > 0 ? $"the run's requests are 0 to {count - 1}" : "the run's requests are numbered from 0, as in requests.csv";
        if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var request))
        {
            throw new InputException($"--explain-request {id}", "is no request's number", range);
        }

        if (count >= 0 && request >= count)
        {
            throw new InputException($"--explain-request {id}", "there is no such request", range);
        }

        return request;
    }
}
