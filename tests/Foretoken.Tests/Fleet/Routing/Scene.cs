using Foretoken.Fleet.Routing;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>What a router sees, to be set by hand. Blocks have 16 tokens.</summary>
internal sealed class Scene
{
    public const int BlockTokens = 16;
    private RandomStream _random;
    private int _next;

    public Scene(int workers, ulong seed = 1)
    {
        Workers = Enumerable.Range(0, workers).ToArray();
        Requests = new int[workers];
        Tokens = new long[workers];
        Running = new int[workers];
        Waiting = new int[workers];
        PolledTokens = new long[workers];
        Generated = new long[workers];
        Usage = new double[workers];
        _random = new RandomStream(seed, StreamId.Test);
    }

    public PrefixTree Tree { get; } = new();

    public SimTime Now { get; set; }

    public int[] Workers { get; private set; }

    public int Version { get; private set; }

    public int[] Requests { get; set; }

    public long[] Tokens { get; set; }

    public int[] Running { get; set; }

    public int[] Waiting { get; set; }

    public long[] PolledTokens { get; set; }

    public long[] Generated { get; set; }

    public double[] Usage { get; set; }

    public SimTime PolledAt { get; set; }

    public int Size => Requests.Length;

    public RouterView View => new()
    {
        Now = Now,
        Workers = Workers,
        WorkersVersion = Version,
        RequestsInFlight = Requests,
        TokensInFlight = Tokens,
        PolledAt = PolledAt,
        Running = Running,
        Waiting = Waiting,
        PolledTokens = PolledTokens,
        GeneratedTokens = Generated,
        KvUsage = Usage,
        Tree = Tree,
        BlockTokens = BlockTokens,
    };

    public void Serve(params int[] workers)
    {
        Workers = workers;
        Version++;
    }

    /// <summary>A prompt: its length and the tree nodes that it passes through.</summary>
    public RoutedRequest Prompt(int tokens, params int[] path) => new(_next++, tokens, -1, 0)
    {
        Path = path,
        KnownTokens = path.Length == 0 ? 0 : Math.Min(tokens, Tree.Ends[path[^1]]),
    };

    public int Choose(IRoutingPolicy policy, in RoutedRequest request) => policy.Choose(View, request, ref _random);

    public int Draw(int exclusiveMax) => _random.NextInt(exclusiveMax);
}
