using System.Globalization;
using Foretoken.Engines.Content;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.TrtLlm.Plain;
using Foretoken.Workloads.Requests;

namespace Foretoken.Tests.Engines.TrtLlm.Plain;

/// <summary>Drives a scheduler step by step, results applied at once, and writes every step in short: <c>c1:4+8</c> computes eight
/// prompt tokens of request 1 behind four others, <c>g0</c> generates for request 0, <c>p2</c> pauses request 2.</summary>
internal sealed class TrtLlmSteps(TrtLlmSettings settings)
{
    private readonly List<PlannedShare> _plan = [];
    private int _requests;

    public TrtLlmScheduler Scheduler { get; } = new(settings);

    public TrtLlmRequest Add(int prompt, int answer, int[]? ids = null, int hashBlock = 4)
    {
        var content = ids is null ? default : new PromptContent { HashIds = ids, HashBlockTokens = hashBlock, KnownTokens = prompt };
        var request = new TrtLlmRequest(_requests++, prompt, answer, content, new HashIdKeys(Scheduler.Contents, content, settings.TokensPerBlock));
        Scheduler.Add(request);
        return request;
    }

    public List<PlannedShare> Plan()
    {
        Scheduler.Schedule(_plan);
        return _plan;
    }

    public string Step()
    {
        Plan();
        var text = string.Join(' ', Scheduler.Paused.Select(paused => $"p{paused.Index}").Concat(_plan.Select(share => share.IsContext
            ? string.Create(CultureInfo.InvariantCulture, $"c{share.Request.Index}:{share.Start}+{share.Tokens}")
            : string.Create(CultureInfo.InvariantCulture, $"g{share.Request.Index}"))));
        foreach (var share in _plan)
        {
            Scheduler.Process(share, share.Emits ? 1 : 0);
        }

        return text;
    }

    public string[] Steps(int count) => Enumerable.Range(0, count).Select(_ => Step()).ToArray();
}
